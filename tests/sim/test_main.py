from __future__ import annotations

import socket

import pytest

from app.sim.__main__ import main, parsed
from app.sim.scenarios import SCENARIOS


def test_the_list_names_every_scenario_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scenario", "joust"], "no scenario 'joust'"),
        (["--rate", "25"], "--rate must be one of 10, 20, 30, 60"),
        (["--rigs", "0"], "--rigs must be 1 to 8"),
        (["--speed", "0"], "--speed must be above 0"),
        (["--format", "2022"], "no packet format 2022"),
        (["--format", "2025", "--f1-23"], "does not send format 2025"),
        (["--ports", "1,x"], "--ports must be numbers"),
        (["--ports", "70000"], "--ports must be numbers"),
        (["--rigs", "3", "--ports", "1,2"], "3 rigs need 3 ports"),
        (["--wings"], "unrecognized arguments"),
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


def test_without_arguments_a_long_duel_goes_to_the_gateways_ports() -> None:
    order = parsed([])

    assert order is not None
    assert (order.scenario, order.rate_hz, order.packet_format, order.long) == ("duel", 60, 2025, True)
    assert (order.host, list(order.ports)[:2]) == ("127.0.0.1", [20_777, 20_778])


def test_ports_can_be_named() -> None:
    order = parsed(["--ports", "5000,6000"])

    assert order is not None
    assert list(order.ports)[:2] == [5_000, 6_000]


def test_a_host_that_does_not_exist_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--short", "--to", "no.such.host.invalid"]) == 2

    assert "cannot send to no.such.host.invalid" in capsys.readouterr().err


def test_a_short_scenario_is_sent_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
        inlet.bind(("127.0.0.1", 0))
        port = str(inlet.getsockname()[1])

        code = main(["--scenario", "time_trial", "--short", "--speed", "1e9", "--rate", "10", "--ports", port])

        assert code == 0
        assert len(inlet.recv(2_048)) == 45  # SSTA
    assert "datagrams sent" in capsys.readouterr().out
