from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.emulator.payload import BadPayload, json_value, records_in, unzipped

FLAT = st.dictionaries(
    st.text(max_size=8).filter(lambda text: text.isprintable()),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.text(max_size=12),
        st.sampled_from(["},{", '":', '" :', "}, {"]),
    ),
    max_size=5,
)


@given(
    st.lists(FLAT, min_size=1, max_size=6), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]), st.booleans()
)
def test_each_record_comes_with_its_own_text(
    records: list[dict[str, Any]], separators: tuple[str, str], ascii_only: bool
) -> None:
    texts = [json.dumps(record, separators=separators, ensure_ascii=ascii_only) for record in records]
    comma = separators[0]
    body = f'{{"data"{separators[1]}[{comma.join(texts)}]}}'.encode()

    found = records_in(body)

    assert [one.record for one in found] == records
    assert [one.raw for one in found] == [text.encode() for text in texts]


@given(st.lists(FLAT, min_size=1, max_size=6))
def test_indented_bodies_are_read_as_well(records: list[dict[str, Any]]) -> None:
    found = records_in(json.dumps({"data": records}, indent=2).encode())

    assert [json.loads(one.raw) for one in found] == records


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "JSON parse error"),
        (b"{", "JSON parse error"),
        (b'{"data":[{"a":NaN}]}', "JSON parse error"),
        (b'{"data":[{"a":Infinity}]}', "JSON parse error"),
        (b'{"data":[{"a":1e999}]}', "JSON parse error"),
        (b'{"data":[{"a":"\xff"}]}', "JSON parse error"),
        (b'{"data":[{"a":"\\ud800"}]}', "JSON parse error"),
        (b'\xef\xbb\xbf{"data":[{"a":1}]}', "JSON parse error"),
        (b'{"data":[{"a":1}]} x', "JSON parse error"),
        (b'{"data":[{"a":1,"a":1}]}', "a name stands twice"),
        (b'{"data":[{"a":1, "a" :2}]}', "a name stands twice"),
        (b'{"data":[{"a":"\\":","a":2}]}', "a name stands twice"),
        (b'{"data":[{"a":1}],"data":[{"a":2}]}', "a name stands twice"),
        (b'[{"a":1}]', "exactly one name"),
        (b"{}", "exactly one name"),
        (b'{"data":[{"a":1}],"more":1}', "exactly one name"),
        (b'{"Data":[{"a":1}]}', "exactly one name"),
        (b'{"data":{"a":1}}', "at least one record"),
        (b'{"data":[]}', "at least one record"),
        (b'{"data":[{"a":1},2]}', "record 1 is not an object"),
        (b'{"data":[{"a":{"b":1}}]}', "record 0 is nested"),
        (b'{"data":[{"a":[1]}]}', "record 0 is nested"),
    ],
)
def test_a_body_that_is_not_a_list_of_flat_records_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(BadPayload, match=sentence):
        records_in(body)


def test_a_name_may_stand_twice_where_nobody_looks() -> None:
    (one,) = records_in(b'{"data":[{"a":1,"a":2}]}', check_duplicate_keys=False)

    assert one.record == {"a": 2}


@given(st.lists(st.tuples(st.sampled_from(["a", "b", 'c"', "d:"]), st.sampled_from(['"', '":', "x ", 1])), max_size=4))
def test_a_double_name_is_found_whatever_stands_around_it(pairs: list[tuple[str, Any]]) -> None:
    inner = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    has_double = len({name for name, _ in pairs}) < len(pairs)

    try:
        json_value(f'{{"data":[{{{inner}}}]}}'.encode())
        refused = False
    except BadPayload:
        refused = True

    assert refused == has_double


def test_gzip_is_unpacked_to_just_more_than_the_limit() -> None:
    bomb = gzip.compress(bytes(10_000_000))

    assert unzipped(gzip.compress(b"small"), 100) == b"small"
    assert len(unzipped(bomb, 1000)) == 1001


def test_what_is_not_gzip_is_refused() -> None:
    with pytest.raises(BadPayload, match="not gzip"):
        unzipped(b"plain", 100)
