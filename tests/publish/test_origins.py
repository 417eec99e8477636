"""Names and pages that are let in, and the many that only look like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publish.origins import Origins, is_loopback, origin_of, place_of

OURS = Origins(("Booth", "booth.local"), ("wall.example",), ("https://screens.example",))


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8080",
        "LOCALHOST",
        "booth",
        "booth.local:8080",
        "booth.local.",
        "wall.example:80",
        "127.0.0.1:8080",
        "192.168.1.5:8080",
        "10.1.2.3",
        "172.17.0.2",
        "169.254.7.7:8080",
        "[::1]:8080",
        "[fd00::5]",
        "203.0.113.7:8080",
    ],
)
def test_own_names_and_addresses_of_the_network_are_ours(host: str) -> None:
    assert OURS.is_ours(host, "203.0.113.7")


@pytest.mark.row("W6")
@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8080",
        "booth.local.evil.example",
        "localhost.evil.example",
        "evil-booth.local",
        "xbooth",
        "booth.local@evil.example",
        "booth.local,evil.example",
        "booth, booth",
        "booth.local/",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "0x7f000001",
        "2130706433",
        "booth:99999999",
        "booth:80:80",
        " booth",
        "booth\n",
    ],
)
def test_whatever_else_is_asked_for_is_not(host: str | None) -> None:
    assert not OURS.is_ours(host, "192.168.1.5")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://booth:8080", "booth:8080"),
        ("http://BOOTH:8080", "booth:8080"),
        ("http://booth", "booth"),
        ("http://booth", "booth:80"),
        ("https://booth", "booth:443"),
        ("https://booth:8443", "booth:8443"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://192.168.1.5:8080", "192.168.1.5:8080"),
        ("https://screens.example", "booth:8080"),
        ("https://screens.example:443", "booth:8080"),
    ],
)
def test_the_page_of_the_place_that_is_asked_is_the_same_and_so_is_one_that_is_named(origin: str, host: str) -> None:
    assert OURS.is_same(origin, host)


FOREIGN = [
    "http://evil.example",
    "https://evil.example",
    "null",
    "",
    "http://booth.local.evil.example:8080",
    "http://evil.example/booth.local:8080",
    "http://booth.local:8080.evil.example",
    "http://evilbooth.local:8080",
    "http://booth.local:8081",
    "http://booth.local",
    "http://booth:8080",
    "http://booth.local:8080@evil.example",
    "http://user@booth.local:8080",
    "http://booth.local:8080/",
    "http://booth.local:8080 http://evil.example",
    "http://booth.local:8080, http://evil.example",
    "file://booth.local:8080",
    "chrome-extension://booth.local:8080",
    "ws://booth.local:8080",
    "//booth.local:8080",
    "booth.local:8080",
    "http://booth.local:8080\x00",
    "http://b\u043e\u043eth.local:8080",
    "http://screens.example",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_anywhere_else_is_foreign(origin: str) -> None:
    assert not OURS.is_same(origin, "booth.local:8080")


def test_nothing_is_the_same_as_no_host() -> None:
    assert not OURS.is_same("http://booth:8080", None)
    assert not OURS.is_same("http://booth:8080", "booth/")


@given(st.text(max_size=60))
def test_no_text_at_all_is_more_than_an_origin_or_a_place(text: str) -> None:
    origin, place = origin_of(text), place_of(text)

    assert origin is None or origin_of(origin) == origin
    assert place is None or place.name == place.name.lower()


def test_loopback_is_told_in_each_of_its_forms() -> None:
    assert [is_loopback(a) for a in ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1")] == [True] * 4
    assert [is_loopback(a) for a in ("172.17.0.1", "unknown", "128.0.0.1", "::2")] == [False] * 4
