"""Who may speak on a rig's port."""

from __future__ import annotations

from ipaddress import ip_network

from app.ingest.lease import LEASE_S, Lease, within

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


def test_where_addresses_are_set_only_these_may_take_it() -> None:
    lease = Lease([ip_network(RIG), ip_network("10.0.0.0/8")])

    assert [lease.admit(address, 0.0) for address in (OTHER, RIG)] == [False, True]
    assert (lease.holder, lease.intruder(0.0)) == (RIG, OTHER)
    assert [lease.open_to(address, LEASE_S) for address in (OTHER, "10.1.2.3")] == [False, True]


def test_two_senders_of_one_network_are_no_two_rigs() -> None:
    lease = Lease([ip_network("192.168.1.0/24")])

    assert [lease.admit(address, 0.0) for address in (RIG, OTHER, RIG)] == [True, False, True]


def test_a_lease_that_is_forgotten_is_the_next_senders_at_once() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)
    lease.admit(OTHER, 0.1)

    lease.forget()

    assert lease.intruder(0.1) is None
    assert lease.admit(OTHER, 0.2)


def test_a_pin_takes_the_lease_from_whoever_is_not_meant() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)

    lease.pin([ip_network(OTHER)])

    assert lease.holder is None
    assert [lease.admit(address, 0.1) for address in (RIG, OTHER)] == [False, True]


def test_a_pin_to_the_holder_leaves_it_the_lease() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)

    lease.pin([ip_network(RIG)])

    assert lease.holder == RIG


def test_a_measured_rate_stays_until_another_address_is_refused() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)
    lease.refuse(OTHER, 1.0, 360.0)

    lease.refuse(OTHER, 1.1)
    assert lease.other_per_s == 360.0
    lease.refuse("192.168.1.10", 1.2)
    assert lease.other_per_s is None


def test_a_text_that_is_no_address_lies_in_no_network() -> None:
    assert not within("a name", [ip_network("0.0.0.0/0")])
    assert not within("::1", [ip_network("0.0.0.0/0")])


def test_who_took_over_is_no_intruder_any_more() -> None:
    lease = Lease()
    lease.admit(RIG, 0.0)
    lease.admit(OTHER, LEASE_S - 0.1)

    lease.admit(OTHER, LEASE_S)

    assert (lease.holder, lease.intruder(LEASE_S)) == (OTHER, None)
