"""How the commands read their arguments."""

from __future__ import annotations

import pytest

from app.arguments import OneSentence, number_from


@pytest.mark.parametrize(("speaker", "told"), [(None, "python -m x"), ("x", "x")])
def test_a_mistake_is_one_sentence_and_exit_code_2(
    speaker: str | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        OneSentence("python -m x", "Does x.", speaker).parse_args(["--wings"])

    assert left.value.code == 2
    assert capsys.readouterr().err == f"{told}: unrecognized arguments: --wings\n"


@pytest.mark.parametrize(("least", "text"), [(0.0, "0"), (0.1, "0.1"), (1.0, "2e3")])
def test_a_number_from_the_least_up_is_taken(least: float, text: str) -> None:
    assert number_from(least, "--n", text) == float(text)


@pytest.mark.parametrize("text", ["x", "", "-1", "nan", "inf", "0.05"])
def test_anything_else_is_refused_by_the_option_s_name(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^--n {text} is not a number from 0.1 up$"):
        number_from(0.1, "--n", text)
