"""No person is known by a bundled capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import CaptureError
from app.ingest.capture import CapturedDatagram, CaptureWriter, read_capture
from app.ingest.decoder import decode, encode
from app.ingest.packets import LobbyInfoPacket, ParticipantsPacket
from tests.builders import make_packet
from tests.captures.neutralise import is_of_the_game, main, named_records, neutralised

HUMAN = {"ai_controlled": 0, "driver_id": 255}
GHOST = {"ai_controlled": 1, "driver_id": 255}
DRIVER = {"ai_controlled": 1, "driver_id": 9}


def _captured(*payloads: bytes) -> list[CapturedDatagram]:
    return [CapturedDatagram(at_s, payload, ("192.0.2.9", 1), 20_777) for at_s, payload in enumerate(payloads)]


def _participants(*cars: dict[str, object], packet_format: int = 2025) -> bytes:
    return encode(make_packet(4, packet_format, participants=dict(enumerate(cars))))


def _names(datagram: CapturedDatagram) -> list[str]:
    return [record.name for record in named_records(decode(datagram.payload)) if record.name]


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("*.pcap.gz")), ids=lambda path: path.name)
def test_a_bundled_capture_holds_no_person_s_name(path: Path) -> None:
    for datagram in read_capture(path, strict=True):
        assert all(is_of_the_game(record) for record in named_records(decode(datagram.payload)))


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("*.pcap.gz")), ids=lambda path: path.name)
def test_a_bundled_capture_keeps_nothing_behind_a_name_s_terminator(path: Path) -> None:
    for datagram in read_capture(path, strict=True):
        packet = decode(datagram.payload)
        if isinstance(packet, ParticipantsPacket | LobbyInfoPacket):
            assert encode(packet) == datagram.payload


def test_humans_and_ghosts_become_players_in_order_of_appearance() -> None:
    datagram = _participants({"name": "Speedy_77", **HUMAN}, {"name": "hot lap hero", **GHOST})

    (after,) = neutralised(_captured(datagram))

    assert _names(after) == ["Player 01", "Player 00002"]


def test_a_person_keeps_one_neutral_name_through_the_capture() -> None:
    first = _participants({"name": "Speedy_77", **HUMAN}, {"name": "Apex", **GHOST})
    second = _participants({"name": "Newcomer", **HUMAN}, {"name": "Speedy_77", **GHOST})

    after = neutralised(_captured(first, second))

    assert [_names(datagram) for datagram in after] == [["Player 01", "P002"], ["Player 3", "Player 01"]]


def test_a_neutral_name_has_as_many_bytes_as_the_name_it_stands_for() -> None:
    names = ["é" * 10, "rac", "Racer", "R" * 32]
    datagram = _participants(*({"name": name, **HUMAN} for name in names))

    (after,) = neutralised(_captured(datagram))

    assert [len(name) for name in _names(after)] == [len(name.encode()) for name in names]


def test_the_game_s_own_names_stay() -> None:
    datagram = _participants(
        {"name": "Player", **HUMAN},
        {"name": "Personal Best", **GHOST},
        {"name": "PÉREZ", **DRIVER},
        {"name": "NORRIS", "ai_controlled": 0, "driver_id": 54},
    )

    (after,) = neutralised(_captured(datagram))

    assert after.payload == datagram


def test_capitals_alone_do_not_make_a_driver() -> None:
    datagram = _participants({"name": "SPEEDY", **HUMAN}, {"name": "GHOST", **GHOST})

    (after,) = neutralised(_captured(datagram))

    assert _names(after) == ["P00001", "P0002"]


def test_people_waiting_in_a_lobby_are_renamed_too() -> None:
    players = {0: {"name": "Speedy_77"}, 1: {"name": "GASLY", "ai_controlled": 1}}

    (after,) = neutralised(_captured(encode(make_packet(9, players=players))))

    assert _names(after) == ["Player 01", "GASLY"]


def test_what_a_longer_name_left_behind_the_terminator_becomes_zero() -> None:
    datagram = _participants({"name": "Apex_driver_77", **HUMAN}).replace(b"Apex_driver_77", b"Apex_one\0er_77")

    (after,) = neutralised(_captured(datagram))

    assert b"er_77" not in after.payload
    assert _names(after) == ["Player 1"]


def test_neutralising_again_changes_nothing() -> None:
    once = neutralised(_captured(_participants({"name": "Speedy_77", **HUMAN}, {"name": "Apex", **GHOST})))

    assert neutralised(once) == once


def test_a_name_found_where_none_belongs_is_an_error() -> None:
    participants = _participants({"name": "Speedy_77", **HUMAN})
    motion = encode(make_packet(0))
    hiding = motion[:100] + b"SPEEDY_77" + motion[109:]

    with pytest.raises(CaptureError, match="datagram 2 still holds a person's name"):
        neutralised(_captured(participants, hiding))


def test_the_command_writes_the_neutral_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CaptureWriter(tmp_path / "taken.pcap") as writer:
        for datagram in _captured(_participants({"name": "Speedy_77", **HUMAN}), encode(make_packet(0))):
            writer.append(datagram)

    code = main([str(tmp_path / "taken.pcap"), str(tmp_path / "neutral.pcap.gz")])

    assert code == 0
    assert [_names(datagram) for datagram in read_capture(tmp_path / "neutral.pcap.gz")] == [["Player 01"], []]
    assert "1 of 2 datagrams changed" in capsys.readouterr().out


def test_the_command_names_a_file_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([str(tmp_path / "gone.pcap"), str(tmp_path / "neutral.pcap.gz")])

    assert code == 1
    assert capsys.readouterr().err == "neutralise: gone.pcap: No such file or directory\n"


def test_the_command_asks_for_both_files(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["taken.pcap"])

    assert code == 2
    assert capsys.readouterr().err.startswith("usage: ")
