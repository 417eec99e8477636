"""Where rows go, and which hosts may be talked to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.endpoints import Destination, destinations, host_of, origin, suffixes_of, with_port
from app.settings import BadSettings, Settings

ENDPOINT = "/api/v1/ingest/sources/Rigs/Laps"


def made(**settings: str) -> dict[str, Destination]:
    return dict(destinations(Settings(_env_file=None, **settings)))  # type: ignore[arg-type, call-arg]


def refused(**settings: str) -> str:
    with pytest.raises(BadSettings) as caught:
        made(**settings)
    return str(caught.value)


class TestDestinations:
    def test_names_alone_are_enough(self) -> None:
        assert made() == {
            name: Destination("F1Telemetry", name)
            for name in ("TelemetryEvent", "LapEvent", "RaceEvent", "SessionEvent")
        }

    def test_an_object_may_have_another_name_in_the_org(self) -> None:
        target = made(dc_source_name="Rigs", dc_object_lap="LapEvent2")["LapEvent"]

        assert target.path == "/api/v1/ingest/sources/Rigs/LapEvent2"
        assert target.host is None

    @pytest.mark.parametrize(
        ("endpoint", "host"),
        [
            (ENDPOINT, None),
            (ENDPOINT + "/", None),
            (f"https://ABC.c360a.salesforce.com{ENDPOINT}", "abc.c360a.salesforce.com"),
            (f"abc.c360a.salesforce.com{ENDPOINT}", "abc.c360a.salesforce.com"),
            (f"http://127.0.0.1:8990{ENDPOINT}", "127.0.0.1:8990"),
        ],
    )
    @pytest.mark.parametrize(
        ("setting", "name"),
        [
            ("dc_telemetry_endpoint", "TelemetryEvent"),
            ("dc_events_endpoint", "LapEvent"),
            ("dc_race_events_endpoint", "RaceEvent"),
            ("dc_sessions_endpoint", "SessionEvent"),
        ],
    )
    def test_an_endpoint_tells_source_object_and_perhaps_a_host(
        self, setting: str, name: str, endpoint: str, host: str | None
    ) -> None:
        assert made(**{setting: endpoint})[name] == Destination("Rigs", "Laps", host)

    @pytest.mark.parametrize(
        "endpoint",
        [
            "https://acme.my.salesforce.com",
            "/api/v1/ingest/sources/Rigs",
            f"{ENDPOINT}?x=1",
            f"{ENDPOINT}/actions/test",
            "/api/v1/ingest/jobs/Rigs/Laps",
            f"ftp://acme{ENDPOINT}",
            f"https://user@acme{ENDPOINT}",
            "/api/v1/ingest/sources/Rigs/La ps",
        ],
    )
    def test_an_endpoint_that_is_none_is_told_by_its_setting(self, endpoint: str) -> None:
        assert refused(dc_events_endpoint=endpoint).startswith("DC_EVENTS_ENDPOINT: is not a URL or path that ends in")

    def test_all_mistakes_are_told_at_once_and_each_once(self) -> None:
        lines = refused(dc_source_name="a b", dc_object_lap="", dc_object_race="x/y", dc_sessions_endpoint="?")

        assert [line.split(":")[0] for line in lines.splitlines()] == [
            "DC_SOURCE_NAME",
            "DC_OBJECT_LAP",
            "DC_OBJECT_RACE",
            "DC_SESSIONS_ENDPOINT",
        ]

    def test_two_objects_never_fill_the_same_one(self) -> None:
        line = refused(dc_object_race="LapEvent")

        assert line == "DC_OBJECT_RACE: names the same object as DC_OBJECT_LAP"


class TestOrigin:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
            ("https://ACME.my.salesforce.com/", "https://acme.my.salesforce.com"),
            ("HTTPS://acme.my.salesforce.com:8443", "https://acme.my.salesforce.com:8443"),
            (" salesforce.com ", "https://salesforce.com"),
        ],
    )
    def test_a_host_is_reached_by_https(self, text: str, expected: str) -> None:
        assert origin(text, ("salesforce.com",), False) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "http://acme.my.salesforce.com",
            "evil.example",
            "salesforce.com.evil.example",
            "evilsalesforce.com",
            "evil.example#.salesforce.com",
            "evil.example?.salesforce.com",
            "evil.example/.salesforce.com",
            "evil.example\\.salesforce.com",
            "x@acme.salesforce.com",
            "https://acme.salesforce.com@evil.example",
            "acme.salesforce.com/path",
            "https://acme.salesforce.com//",
            "acme.salesforce.com.",
            "acme..salesforce.com",
            "аcme.salesforce.com",
            "acme.salesforce.com\r\nX: y",
            "ftp://acme.salesforce.com",
            "//acme.salesforce.com",
            "",
            "127.0.0.1:8990",
            "http://127.0.0.1:8990",
            "https://localhost",
            "169.254.169.254",
            "[::1]",
        ],
    )
    @pytest.mark.row("U18")
    def test_u18_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^(is|does) "):
            origin(text, ("salesforce.com",), False)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("127.0.0.1:8990", "http://127.0.0.1:8990"),
            ("http://localhost:8990/", "http://localhost:8990"),
            ("https://[::1]:8990", "https://[::1]:8990"),
        ],
    )
    def test_this_machine_may_be_reached_by_http_where_the_operator_allows_it(self, text: str, expected: str) -> None:
        assert origin(text, ("salesforce.com",), True) == expected

    @pytest.mark.parametrize(
        "text", ["http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://10.0.0.1"]
    )
    def test_no_other_machine_may(self, text: str) -> None:
        with pytest.raises(ValueError, match="plain http"):
            origin(text, None, True)

    @given(st.text(max_size=60))
    def test_what_passes_is_a_host_of_ours(self, text: str) -> None:
        try:
            passed = origin(text, ("salesforce.com",), False)
        except ValueError:
            return
        assert host_of(passed) == "salesforce.com" or host_of(passed).endswith(".salesforce.com")

    def test_the_parts_of_an_origin(self) -> None:
        assert host_of("https://acme.example:8443") == "acme.example"
        assert with_port("https://acme.example:8443") == "acme.example:8443"


class TestSuffixes:
    def test_dots_stars_and_spaces_are_the_operators_taste(self) -> None:
        assert suffixes_of(".salesforce.com, *.Example.org,localhost") == ("salesforce.com", "example.org", "localhost")

    @pytest.mark.parametrize("text", ["", " , ", "*", "https://x", "a b"])
    def test_nonsense_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="list of endings"):
            suffixes_of(text)
