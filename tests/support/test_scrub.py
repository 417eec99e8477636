"""People and secrets are taken out wherever they stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.support.scrub import GUEST, SECRET, Scrubber, forms_of, people_in

NAMES = st.text(st.characters(categories=["L", "N"]), min_size=2, max_size=12)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Ada Lovelace is fast", f"{GUEST} is fast"),
        ("(ADA LOVELACE)", f"({GUEST})"),
        ("Adam and Eve", "Adam and Eve"),
        ("Bearer s3cr3t-token!", f"Bearer {SECRET}!"),
    ],
)
def test_a_name_goes_as_a_whole_word_in_any_case_and_a_secret_anywhere(text: str, scrubbed: str) -> None:
    scrub = Scrubber({"Ada Lovelace", "Ada"}, {"s3cr3t-token"})

    assert scrub.text(text) == scrubbed


def test_of_two_names_the_longer_is_looked_for_first() -> None:
    assert Scrubber({"Ada", "Ada Lovelace"}).text("Ada Lovelace, Ada") == f"{GUEST}, {GUEST}"


def test_what_stands_under_a_persons_key_is_blanked_whoever_it_is() -> None:
    told = {"rigs": [{"driver_name": "nobody we know", "individual_id": None, "port": 20777}], "driver": ""}

    assert Scrubber(set()).tree(told) == {
        "rigs": [{"driver_name": GUEST, "individual_id": None, "port": 20777}],
        "driver": "",
    }


def test_the_people_of_an_answer_are_found_by_their_keys() -> None:
    assert people_in({"a": [{"driver": "Ada"}, {"driver_name": None}], "individual_id": "003xx"}) == {"Ada", "003xx"}


def test_a_key_is_looked_for_line_by_line_too() -> None:
    forms = forms_of("-----BEGIN PRIVATE KEY-----\\nMIIabcdef\\nMIIghijkl\\n-----END PRIVATE KEY-----")

    assert {"MIIabcdef", "MIIghijkl"} <= forms


@given(st.lists(NAMES, min_size=1, max_size=4), st.text(max_size=30))
def test_no_name_is_left_between_words(names: list[str], text: str) -> None:
    told = " ".join([text, *names, text])

    left = Scrubber(names).text(told)

    assert not any(f" {name} " in f" {left} " for name in names if name.casefold() not in "[guest]")


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda each: st.lists(each, max_size=3), max_leaves=8)
)
def test_a_tree_without_people_stays_as_it_is(tree: object) -> None:
    assert json.dumps(Scrubber({"Ada Lovelace"}).tree(tree)) == json.dumps(tree)
