"""Who may speak on a rig's port."""

from __future__ import annotations

from app.ingest.lease import LEASE_S, Lease

RIG, OTHER = "192.168.1.8", "192.168.1.9"


def test_the_first_sender_holds_the_port_and_a_second_is_refused() -> None:
    lease = Lease()

    assert [lease.admit(address, 0.0) for address in (RIG, OTHER, RIG)] == [True, False, True]
    assert (lease.holder, lease.intruder(0.0)) == (RIG, OTHER)


def test_a_holder_that_goes_on_is_never_displaced() -> None:
    lease = Lease()

    admitted = [lease.admit(RIG, second) and not lease.admit(OTHER, second + 0.5) for second in range(100)]

    assert all(admitted)


def test_after_a_silence_the_next_sender_takes_over() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)

    assert [lease.admit(OTHER, at_s) for at_s in (LEASE_S - 0.1, LEASE_S)] == [False, True]
    assert not lease.admit(RIG, LEASE_S + 0.1)


def test_an_intruder_is_told_about_only_while_it_sends() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)
    lease.admit(OTHER, 1.0)

    assert [lease.intruder(at_s) for at_s in (1.0, 1.0 + LEASE_S)] == [OTHER, None]
