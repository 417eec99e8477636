"""Who may speak as which rig: settings, claims, commands."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.bus import Bus
from app.ingest.decoder import encode
from app.line import Line
from app.normalize.events import Event
from app.settings import RigSettings, Settings
from app.sources import Sources, forwarder_of
from tests.builders import make_packet

VALID = encode(make_packet(1))
A, B = "192.0.2.8", "192.0.2.9"


def make_sources(folder: Path, **of_a: Any) -> tuple[Sources, Line, Line]:
    rigs: list[Mapping[str, Any]] = [{"rig_id": "RIG_A", "udp_port": 0, **of_a}, {"rig_id": "RIG_B", "udp_port": 0}]
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' documented parameter
        rigs=tuple(RigSettings.model_validate(rig) for rig in rigs),
        sources_path=str(folder / "sources.json"),
        udp_host="127.0.0.1",
    )
    lines = [Line(rig, Bus[Event](), settings, None, forwarder_of(rig, settings)) for rig in settings.rigs]
    return Sources(lines, settings), lines[0], lines[1]


def test_a_claim_is_still_there_after_a_restart(tmp_path: Path) -> None:
    before, *_ = make_sources(tmp_path)
    before.claim("RIG_A", " 192.0.2.8 ")
    before.close()

    after, a, b = make_sources(tmp_path)

    assert [a.lease.allows(address) for address in (A, B)] == [True, False]
    assert b.lease.allows(B)
    after.close()


def test_a_source_in_the_settings_wins_over_a_claim(tmp_path: Path) -> None:
    before, *_ = make_sources(tmp_path)
    before.claim("RIG_A", A)
    before.close()

    _, a, _ = make_sources(tmp_path, source=B)

    assert [a.lease.allows(address) for address in (A, B)] == [False, True]


def test_a_rebind_gives_a_claim_back_also_after_a_restart(tmp_path: Path) -> None:
    sources, a, _ = make_sources(tmp_path)
    sources.claim("RIG_A", A)

    assert sources.rebind("RIG_A")
    sources.close()

    assert a.lease.allows(B)
    assert make_sources(tmp_path)[1].lease.allows(B)


def test_a_rebind_of_no_rig_is_none(tmp_path: Path) -> None:
    assert not make_sources(tmp_path)[0].rebind("RIG_Z")


def test_a_rig_with_a_source_keeps_it_through_a_rebind(tmp_path: Path) -> None:
    sources, a, _ = make_sources(tmp_path, source=A)

    sources.rebind("RIG_A")

    assert not a.lease.allows(B)


def test_claims_that_cannot_be_are_refused_with_a_sentence(tmp_path: Path) -> None:
    sources, *_ = make_sources(tmp_path, source=A)
    refusals = {
        ("RIG_Z", B): "there is no rig RIG_Z: name one of RIG_A, RIG_B",
        ("RIG_B", "the left one"): "that is no IP address: write one such as 192.168.1.8",
        ("RIG_B", A): f"{A} belongs to RIG_A: rebind that rig first, or mend its source",
        ("RIG_A", B): f"the settings say who sends for RIG_A: put {B} into RIGS[0].source instead",
    }

    for (rig_id, address), sentence in refusals.items():
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            sources.claim(rig_id, address)


def test_an_address_that_is_claimed_for_a_rig_is_not_claimed_for_another(tmp_path: Path) -> None:
    sources, *_ = make_sources(tmp_path)
    sources.claim("RIG_A", A)
    sources.claim("RIG_A", A)

    with pytest.raises(ValueError, match="belongs to RIG_A"):
        sources.claim("RIG_B", A)


def test_every_command_is_one_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sources, *_ = make_sources(tmp_path)

    sources.claim("RIG_A", A)
    sources.rebind("RIG_A")

    facts = [(record.getMessage(), vars(record)["address"]) for record in caplog.records]
    assert facts == [
        ("RIG_A is claimed for an address, by command", A),
        ("RIG_A is free for the next sender, by command", None),
    ]


def test_a_broken_file_of_claims_is_a_problem_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "sources.json").write_text("{", encoding="utf-8")

    sources, *_ = make_sources(tmp_path)

    assert sources.problems()
    assert "claim the rigs' addresses again" in sources.problems()[0]


async def test_ports_and_senders_are_told_of_all_rigs(tmp_path: Path) -> None:
    sources, a, b = make_sources(tmp_path)
    await sources.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
        rig.sendto(VALID, ("127.0.0.1", a.port))

    assert [port.port for port in sources.ports()] == [a.port, b.port]
    assert [port.rig_ids for port in sources.ports()] == [["RIG_A"], ["RIG_B"]]
    sources.tick()
    sources.close()
    assert sources.senders() == []
