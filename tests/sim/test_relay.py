from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from app.sim.impairment import Impairment, ImpairmentMachine
from app.sim.relay import main, relay


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket, socket.socket]]:
    """Sender, the relay's inlet, and the gateway."""
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for sock in made[1:]:
        sock.bind(("127.0.0.1", 0))
    made[2].settimeout(5.0)
    yield made[0], made[1], made[2]
    for sock in made:
        sock.close()


@pytest.mark.parametrize(("impairment", "copies"), [(Impairment(), 1), (Impairment(duplicate=1.0), 2)])
def test_datagrams_pass_as_the_impairment_says(
    sockets: tuple[socket.socket, socket.socket, socket.socket], impairment: Impairment, copies: int
) -> None:
    sender, inlet, gateway = sockets
    stop = threading.Event()
    counted: list[tuple[int, int]] = []
    worker = threading.Thread(
        target=lambda: counted.append(relay(inlet, gateway.getsockname(), ImpairmentMachine(impairment), stop))
    )
    worker.start()

    for n in range(20):
        sender.sendto(b"%02d" % n, inlet.getsockname())
    got = [gateway.recv(64) for _ in range(20 * copies)]
    stop.set()
    worker.join(5.0)

    assert sorted(set(got)) == [b"%02d" % n for n in range(20)]
    assert counted == [(20, 20 * copies)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--listen", "1", "--loss", "2"], "2 is not between 0 and 1"),
        (["--listen", "1", "--to", "nowhere"], "--to must be host:port"),
        ([], "--listen"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)

    told = capsys.readouterr().err
    assert left.value.code == 2
    assert sentence in told
    assert len(told.splitlines()) == 1


def test_a_port_that_cannot_be_opened_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--listen", "99999"]) == 2

    assert "cannot listen on 99999" in capsys.readouterr().err
