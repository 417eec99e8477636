"""Who works on which chunks."""

from __future__ import annotations

from app.datacloud.leases import Lease, Leases, body_bytes

LAPS = "LapEvent"


def test_a_body_is_as_long_as_it_is() -> None:
    rows = (b'{"a":1}', b'{"a":22}', b"{}")
    body = b'{"data":[' + b",".join(rows) + b"]}"

    assert Lease(1, LAPS, rows, 0.0).body_bytes == len(body)
    assert body_bytes(0, 0) == len(b'{"data":[]}')


def test_the_next_chunks_come_after_those_that_are_out() -> None:
    leases = Leases()

    leases.grant(LAPS, [3, 5])

    assert leases.next(LAPS) == ((), 5)
    assert leases.next("RaceEvent") == ((), 0)
    assert leases.seqs == {3, 5}


def test_what_is_done_does_not_come_again() -> None:
    leases = Leases()
    lease_id = leases.grant(LAPS, [3, 5])

    assert leases.end(lease_id) == (3, 5)
    assert leases.end(lease_id) == ()
    assert leases.next(LAPS) == ((), 5)
    assert leases.seqs == set()


def test_what_comes_back_goes_out_first_in_its_old_place() -> None:
    leases = Leases()
    first, second = leases.grant(LAPS, [1, 2]), leases.grant(LAPS, [3, 4])

    leases.give_back(second)
    leases.give_back(first)
    leases.give_back(first)

    assert leases.next(LAPS) == ((1, 2, 3, 4), 4)
    leases.grant(LAPS, [1, 2, 3])
    assert leases.next(LAPS) == ((4,), 4)


def test_a_chunk_that_is_gone_is_forgotten() -> None:
    leases = Leases()
    leases.give_back(leases.grant(LAPS, [1, 2]))

    leases.forget(LAPS, [1])

    assert leases.next(LAPS) == ((2,), 2)
