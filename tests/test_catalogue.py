"""The catalogue of metrics: whole, up to date on paper, and true of real traffic, however hostile."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import pytest
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.catalogue import ADVICE, OF_LABEL, OF_METRIC, allowed, markdown, most_series_of_all, rows
from app.ingest.decoder import decode, encode
from app.ingest.packets import ParticipantsPacket
from app.main import Gateway
from app.metrics import DISTRIBUTIONS, METRICS
from app.pipeline import RigPipeline
from app.sim.cadence import PARTICIPANTS
from app.sim.run import simulate
from tests.chaos.verdict import Check, at_most, exactly
from tests.conftest import Reached
from tests.datacloud.org import throwaway_org
from tests.gateway import history_path
from tests.test_main import RIGS as TWO
from tests.test_main import make_settings
from tests.test_uplink import make_settings as cloud_settings
from tests.truth.fuzz import hostile, streams

SPECS = {spec.name: spec for spec in (*METRICS, *DISTRIBUTIONS)}
OURS = "f1_"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLDER = ("192.0.2.7", 50_000)
RIGS = tuple(rig.rig_id for rig in TWO)
CONFIGURED = {"rig": RIGS, "port": ()}  # a port of one rig has no series of its own


def exposed(gateway: Gateway) -> dict[str, Metric]:
    """Every family of `/metrics`, by its name without `_total`."""
    return {family.name: family for family in text_string_to_metric_families(told(gateway))}


def told(gateway: Gateway) -> str:
    return generate_latest(gateway.registry).decode()


def series(gateway: Gateway) -> set[str]:
    return {line.rsplit(" ", 1)[0] for line in told(gateway).splitlines() if line.startswith(OURS)}


def pipelines(gateway: Gateway) -> Sequence[RigPipeline]:
    return [line.pipeline for line in gateway._lines]


def address(draw: random.Random) -> str:
    return ".".join(str(draw.randrange(1, 255)) for _ in range(4))


def test_the_paper_is_up_to_date() -> None:
    written = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"

    assert written.read_text(encoding="utf-8") == markdown(), "run make metrics-doc"


def test_the_readme_names_the_metrics_that_are_promised() -> None:
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    promised = ("f1_packets_received", "f1_event_queue_size", "f1_datacloud_uploaded", "f1_datacloud_failed")

    assert set(promised) <= set(SPECS)
    assert all(name in readme for name in promised)
    assert "docs/metrics.md" in readme


def test_every_label_of_every_metric_has_a_closed_list() -> None:
    lists = [allowed(spec.name, label) for spec in SPECS.values() for label in spec.labels]

    assert all(values is None or len(set(values)) == len(values) > 0 for values in lists)


def test_a_label_that_nobody_has_listed_is_named_with_the_place_to_list_it() -> None:
    with pytest.raises(LookupError, match=r"f1_new's label colour .* app/catalogue.py"):
        allowed("f1_new", "colour")


def test_nothing_is_listed_or_advised_for_a_metric_that_does_not_exist() -> None:
    labels = {label for spec in SPECS.values() for label in spec.labels}

    assert set(ADVICE) <= set(SPECS)
    assert set(OF_LABEL) <= labels
    assert [key for key in OF_METRIC if key[1] not in SPECS[key[0]].labels] == []


def test_names_end_in_their_unit_and_no_cell_breaks_the_table() -> None:
    every = list(rows())

    assert [row.name for row in every if (row.type == "counter") != row.name.endswith("_total")] == []
    assert [row.name for row in every if "|" in row.help + row.advice] == []
    assert {row.unit for row in every} <= {"s", "bytes", "0 to 1", "Hz", "0 or 1", "count"}


async def test_real_traffic_uses_no_label_value_that_is_not_listed(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, org):
        local = {"udp_host": "127.0.0.1", "rigs": [rig.model_dump() for rig in TWO], "history_path": history_path()}
        gateway = Gateway(cloud_settings(org, tmp_path, datacloud_enabled=True, **local))
        await gateway.start()
        for pipeline, stream in zip(pipelines(gateway), (lobby(0), lobby(1)), strict=True):
            for datagram in stream:
                pipeline.receive(datagram, HOLDER)
        families = exposed(gateway)
        await gateway.stop()

    assert wrong_values(families) == []
    assert set(SPECS) <= set(families)
    for label in ("subscriber", "stage", "object"):  # lists that repeat names which live elsewhere
        assert values_of(families, label) == set(OF_LABEL[label])


def lobby(rig: int) -> Iterator[bytes]:
    """Laps, a safety car, a pit stop: many kinds of events; and some that is not the game's."""
    yield from (b"hello", bytes(1000))
    for scenario, machine in (("lobby", rig), ("safety_car", 0)):
        sent = simulate(scenario, seed=3, rate_hz=10).stream(machine)
        yield from (datagram for _, datagram in islice(sent, 4_000))


def wrong_values(families: dict[str, Metric]) -> list[str]:
    """Series of ours with a label that is not declared, or a value that is not listed."""
    found = []
    for name in SPECS:
        for sample in families[name].samples:
            labels = {label: value for label, value in sample.labels.items() if label != "le"}
            lists = {label: allowed(name, label) or CONFIGURED[label] for label in SPECS[name].labels}
            if set(labels) != set(lists) or any(value not in lists[label] for label, value in labels.items()):
                found.append(f"{sample.name}{sample.labels}")
    return found


def values_of(families: dict[str, Metric], label: str) -> set[str]:
    return {sample.labels[label] for family in families.values() for sample in family.samples if label in sample.labels}


@pytest.mark.row("W15")
async def test_w15_a_hundred_thousand_ids_names_and_addresses_make_no_series(reached: Reached) -> None:
    gateway, draw = Gateway(make_settings()), random.Random(15)
    await gateway.start()
    own, other = pipelines(gateway)
    for pipeline in (own, other):  # time stands still: a slow machine must not hand over a lease or a session
        pipeline._monotonic, pipeline._wall = (lambda: 1_000.0), (lambda: NOON)
    recorded, simulated = streams()[1][:6_000], streams()[-1]
    for datagram in (*simulated, *lobby(0), *hostile(recorded, draw)):  # all that a rig can say, and much it cannot
        other.receive(datagram, HOLDER)
    for datagram in (*recorded, *anonymous(recorded, draw, 3_000)):
        own.receive(datagram, HOLDER)
    own.receive(recorded[0], (address(draw), 50_000))
    before = series(gateway)

    for given, datagram in enumerate(anonymous(recorded, draw, 100_000)):
        own.receive(datagram, (address(draw), 50_000) if given % 6 else HOLDER)
    after = series(gateway)
    scrapes_s = [took_s(gateway) for _ in range(20)]
    families = exposed(gateway)
    await gateway.stop()

    assert wrong_values(families) == []
    assert own.rejected["other_sender"] > 80_000
    assert own.normalizer.ignored["other_session"] > 10_000
    most = max(sum(f'rig="{rig}"' in each for each in after) for rig in RIGS)
    reached(exactly("new series after 100 000 random sessions, names and addresses", sorted(after - before), []))
    reached(at_most("series of ours with two rigs", len(after), 2 * 40 + 200))
    assert len(after) <= most_series_of_all(2)
    reached(Check(f"{most} of a rig that says all it can, {len(told(gateway)) / 1024:.0f} KiB a scrape"))
    reached(at_most("median scrape", 1000 * median(scrapes_s), 20, " ms"))


def anonymous(stream: Sequence[bytes], draw: random.Random, number: int) -> Iterator[bytes]:
    """So many datagrams of a stream, round and round: each with a session, and names, of its own."""
    for datagram in islice(cycle(stream), number):
        marked = datagram[:7] + draw.randbytes(8) + datagram[15:]
        yield renamed(marked, draw) if datagram[6] == PARTICIPANTS else marked


def renamed(datagram: bytes, draw: random.Random) -> bytes:
    packet = decode(datagram)
    assert isinstance(packet, ParticipantsPacket)
    rows = [row._replace(name=f"{draw.getrandbits(64):x}") for row in packet.participants]
    return encode(packet._replace(participants=rows))


def took_s(gateway: Gateway) -> float:
    began_s = time.perf_counter()
    told(gateway)
    return time.perf_counter() - began_s
