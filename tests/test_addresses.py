"""What a game is told to send to: reachable addresses, the likeliest first, and never a wait."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.addresses import HostAddresses, in_order, own_names

ADDRESSES = st.ip_addresses(v=4).map(str)


def test_the_default_routes_address_goes_first_and_the_others_by_number() -> None:
    assert in_order("192.168.1.20", ["192.168.1.20", "10.0.0.5", "9.0.0.1"]) == ("192.168.1.20", "9.0.0.1", "10.0.0.5")


def test_without_a_default_route_all_addresses_are_told() -> None:
    assert in_order(None, ["192.168.1.20", "10.0.0.5"]) == ("10.0.0.5", "192.168.1.20")


def test_loopback_is_told_to_no_rig() -> None:
    assert in_order("127.0.0.1", ["127.0.0.1", "127.0.1.1", "0.0.0.0"]) == ()


def test_a_link_local_address_is_told_only_when_there_is_nothing_else() -> None:
    assert in_order(None, ["169.254.3.4", "192.168.1.20"]) == ("192.168.1.20",)
    assert in_order(None, ["169.254.3.4", "127.0.0.1"]) == ("169.254.3.4",)


def test_what_is_no_ipv4_address_is_passed_over() -> None:
    assert in_order(None, ["fe80::1", "pc.local", "", "10.0.0.5"]) == ("10.0.0.5",)


@given(default=st.none() | ADDRESSES, found=st.lists(ADDRESSES))
def test_each_address_is_told_once_and_could_be_reached(default: str | None, found: list[str]) -> None:
    told = in_order(default, found)

    assert len(told) == len(set(told))
    assert set(told) <= {*found, default}
    assert not any(IPv4Address(address).is_loopback for address in told)
    assert default not in told or told[0] == default


# --- of this very host ----------------------------------------------------------------------------


@pytest.mark.parametrize("concrete", ["192.168.1.20", "127.0.0.1", "::1"])
def test_a_gateway_that_listens_on_one_address_tells_that_one_only(concrete: str) -> None:
    assert HostAddresses(concrete).current(0.0) == (concrete,)


@pytest.mark.skipif(sys.platform != "linux", reason="interfaces are asked on Linux only")
def test_the_hosts_own_addresses_can_be_bound() -> None:
    told = HostAddresses("0.0.0.0").current(0.0)

    for address in told:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))


# --- the resolver ---------------------------------------------------------------------------------


class Resolver:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.answers = ["192.168.7.7"]
        self.asked = 0
        self.may_answer = threading.Event()

    def __call__(self, name: str) -> Iterable[str]:
        self.asked += 1
        self.may_answer.wait(10)
        return self.answers


def until_told(addresses: HostAddresses, now_s: float, wanted: str) -> bool:
    """Whether the address is told soon; the answer comes from another thread."""
    deadline_s = time.monotonic() + 5
    while wanted not in addresses.current(now_s):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.001)
    return True


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    resolver = Resolver()
    addresses = HostAddresses("", resolver)

    began_s = time.monotonic()
    told = addresses.current(0.0)
    took_s = time.monotonic() - began_s

    resolver.may_answer.set()
    assert took_s < 1
    assert "192.168.7.7" not in told
    assert until_told(addresses, 1.0, "192.168.7.7")


def test_a_resolver_that_hangs_is_not_asked_a_second_time() -> None:
    resolver = Resolver()
    addresses = HostAddresses("", resolver)

    for minute in range(10):
        addresses.current(60.0 * minute)
    resolver.may_answer.set()

    assert until_told(addresses, 541.0, "192.168.7.7")
    assert resolver.asked == 1


def test_addresses_are_looked_up_anew_after_half_a_minute_and_not_before() -> None:
    resolver = Resolver()
    resolver.may_answer.set()
    addresses = HostAddresses("", resolver)
    assert until_told(addresses, 0.0, "192.168.7.7")

    resolver.answers = ["192.168.8.8"]
    assert "192.168.8.8" not in addresses.current(29.9)
    assert resolver.asked == 1
    assert until_told(addresses, 30.0, "192.168.8.8")


def test_a_resolver_that_fails_leaves_the_default_routes_address() -> None:
    def fail(name: str) -> Iterable[str]:
        raise socket.gaierror(-2, "Name or service not known")

    told = HostAddresses("", fail).current(0.0)

    assert len(told) <= 1


@pytest.mark.parametrize(("name", "short"), [("booth", "booth"), ("booth.venue.example", "booth")])
def test_this_host_is_asked_for_by_its_name_with_and_without_its_domain_and_over_mdns(
    monkeypatch: pytest.MonkeyPatch, name: str, short: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)

    assert set(own_names()) == {name, short, f"{short}.local"}
