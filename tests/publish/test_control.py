"""What is understood of an operator's body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publish.control import address_of


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (b'{"address": "192.168.1.21"}', "192.168.1.21"),
        (b'{"address": " 192.168.1.21 ", "note": 1}', "192.168.1.21"),
        (b'{"address": "FD00::0001"}', "fd00::1"),
    ],
)
def test_an_address_is_taken_in_its_usual_form(body: bytes, address: str) -> None:
    assert address_of(body) == address


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "names no address"),
        (b"{}", "names no address"),
        (b'{"address": 7}', "names no address"),
        (b'{"address": "%s"}' % (b"1" * 65), "names no address"),
        (b'{"address": "booth.local"}', "no IP address"),
        (b'{"address": "192.168.1.0/24"}', "no IP address"),
        (b'{"address": "192.168.1.21:20777"}', "no IP address"),
    ],
)
def test_anything_else_is_refused_with_what_to_send(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"{sentence}.*: send "):
        address_of(body)


@given(st.binary(max_size=200))
def test_no_body_does_more_harm_than_a_sentence(body: bytes) -> None:
    with pytest.raises(ValueError, match="send"):
        address_of(b"\0" + body)
