"""The curve of the rigs is put into its page, and nothing else of it is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.machine import ROOT
from bench.rigs import write_curve

SECTION = "## Rigs\n\nWords.\n\n| rigs | lost |\n| --- | ---: |\n| 1 | 0 |\n"
PAGE = "# Scaling\n\n<!-- curve: written by make bench -->\n\nold\n\n<!-- end of the curve -->\n\nMore words.\n"


def test_the_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text(PAGE, encoding="utf-8")

    write_curve(page, SECTION)

    assert page.read_text(encoding="utf-8") == PAGE.replace("old", "| rigs | lost |\n| --- | ---: |\n| 1 | 0 |")


def test_a_page_without_a_place_for_it_is_told_of(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text("# Scaling\n", encoding="utf-8")

    with pytest.raises(RuntimeError, match=r"scaling\.md has no place for the curve"):
        write_curve(page, SECTION)


def test_the_committed_page_has_a_place_for_it(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text((ROOT / "docs" / "scaling.md").read_text(encoding="utf-8"), encoding="utf-8")

    write_curve(page, SECTION)

    assert "| 1 | 0 |" in page.read_text(encoding="utf-8")
