"""What the base is made of is read from the Dockerfile and from the machine's own apt, never assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers.base import base_name, fetching_options, python_of, release_of, sources_of


def test_the_base_is_the_one_that_the_dockerfile_names() -> None:
    assert base_name("# x\nARG BASE=python:3.11-slim-bookworm\nFROM ${BASE}\n") == "python:3.11-slim-bookworm"
    with pytest.raises(ValueError, match="no line ARG BASE"):
        base_name("FROM scratch\n")


@pytest.mark.parametrize(
    "base", ["python:3.11-slim-bookworm", "docker.io/library/python:3.11.9-slim-bookworm@sha256:00ff"]
)
def test_a_base_says_which_python_and_which_debian_it_is(base: str) -> None:
    assert (python_of(base), release_of(base)) == ("3.11", "bookworm")


@pytest.mark.parametrize("base", ["debian:12", "python:3-alpine"])
def test_a_base_that_does_not_say_so_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="does not say which Debian"):
        release_of(base)
    with pytest.raises(ValueError, match="does not say which Python"):
        python_of(base)


def test_only_lists_that_serve_the_release_are_used(tmp_path: Path) -> None:
    lists = tmp_path / "sources.list.d"
    lists.mkdir()
    (lists / "debian.sources").write_text("Types: deb\nURIs: http://x/debian\nSuites: bookworm bookworm-updates\n")
    (lists / "cloud.list").write_text("deb https://x/apt cloud-sdk-bookworm main\n")
    (lists / "node.sources").write_text("Types: deb\nSuites: nodistro\n")
    (lists / "debian.sources.bak").write_text("Suites: bookworm\n")
    (tmp_path / "sources.list").write_text("deb [signed-by=/k] http://x/debian bookworm main\n")

    assert sources_of("bookworm", tmp_path) == [str(tmp_path / "sources.list"), str(lists / "debian.sources")]
    assert sources_of("trixie", tmp_path) == []


def test_the_way_to_the_mirror_is_taken_from_apt_s_configuration() -> None:
    dump = ['APT "";', 'Acquire::http::Proxy "http://proxy:3128";', 'Acquire::https "";', 'Acquire::Languages "none";']

    assert fetching_options(dump) == ['--aptopt=Acquire::http::Proxy "http://proxy:3128"']
