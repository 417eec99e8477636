from __future__ import annotations

from itertools import pairwise

import pytest

from app.sim.impairment import Impairment, ImpairmentMachine, impair

STREAM = [(frame / 60, b"%06d-%02d" % (frame, n)) for frame in range(2_000) for n in range(8)]


def arrived(**bad: float) -> list[tuple[float, bytes]]:
    return list(impair(STREAM, Impairment(**bad)))


def test_a_good_network_changes_nothing() -> None:
    assert arrived() == STREAM


def test_losses_are_as_many_as_asked_for() -> None:
    lost = set(STREAM) - set(arrived(loss=0.05))

    assert len(lost) / len(STREAM) == pytest.approx(0.05, abs=0.01)


def test_duplicates_are_as_many_as_asked_for_and_follow_at_once() -> None:
    got = arrived(duplicate=0.02)

    assert (len(got) - len(STREAM)) / len(STREAM) == pytest.approx(0.02, abs=0.006)
    assert sum(a == b for a, b in pairwise(got)) == len(got) - len(STREAM)


def test_neighbours_change_places_inside_a_frame_only() -> None:
    got = arrived(reorder=0.05)
    frames = [datagram[:6] for _, datagram in got]
    moved = sum(a != b for a, b in zip(got, STREAM, strict=True)) / 2

    assert frames == sorted(frames)
    assert sorted(got) == STREAM
    assert moved / len(STREAM) == pytest.approx(0.042, abs=0.01)  # 7 of 8 have a next one in their frame


def test_late_datagrams_arrive_among_later_frames() -> None:
    got = arrived(late=0.02)
    late = [(at_s, datagram) for at_s, datagram in got if at_s - int(datagram[:6]) / 60 > 0.05]

    assert sorted(datagram for _, datagram in got) == sorted(datagram for _, datagram in STREAM)
    assert len(late) / len(STREAM) == pytest.approx(0.02, abs=0.006)
    assert all(at_s - int(datagram[:6]) / 60 < 0.15 for at_s, datagram in late)


def test_truncated_datagrams_are_shorter_and_begin_as_they_were() -> None:
    got = arrived(truncate=0.03)
    cut = [(whole, part) for (_, whole), (_, part) in zip(STREAM, got, strict=True) if whole != part]

    assert len(cut) / len(STREAM) == pytest.approx(0.03, abs=0.008)
    assert all(len(part) < len(whole) and whole.startswith(part) for whole, part in cut)


def test_jitter_delays_bursts_and_keeps_their_order() -> None:
    got = arrived(jitter_s=0.03)

    assert [datagram for _, datagram in got] == [datagram for _, datagram in STREAM]
    assert all(0.0 <= at_s - sent_s <= 0.03 + 1e-9 for (at_s, _), (sent_s, _) in zip(got, STREAM, strict=True))
    assert max(at_s - sent_s for (at_s, _), (sent_s, _) in zip(got, STREAM, strict=True)) > 0.02


def test_time_never_goes_back_and_the_seed_decides() -> None:
    bad = {"loss": 0.05, "duplicate": 0.02, "reorder": 0.05, "late": 0.01, "truncate": 0.01, "jitter_s": 0.02}
    got = arrived(**bad)

    assert [at_s for at_s, _ in got] == sorted(at_s for at_s, _ in got)
    assert arrived(**bad) == got
    assert list(impair(STREAM, Impairment(**bad), seed=2)) != got


def test_the_machine_holds_a_burst_until_it_is_complete() -> None:
    machine = ImpairmentMachine(Impairment())

    assert machine.due_s() is None
    assert machine.feed(1.0, b"a") == machine.feed(1.001, b"b") == []
    assert machine.due_s() == pytest.approx(1.004)
    assert machine.feed(1.016, b"c") == [(1.0, b"a"), (1.0, b"b")]
    assert machine.flush_burst() == [(1.016, b"c")]
    assert machine.flush() == []
