"""Every route and every message has an access class, and what has none is served to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app.main import create_app
from app.publish.access import FILES, MESSAGES, ROUTES, SAFE_METHODS, Access, access_of
from app.publish.commands import TYPES
from app.settings import RigSettings, Settings
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.gateway import OPERATOR_TOKEN, history_path

Class = tuple[str, str]


def application() -> FastAPI:
    """The whole gateway's, as it is served."""
    settings = Settings(
        _env_file=None,
        rigs=(RigSettings(rig_id="RIG_A", udp_port=0),),
        history_path=history_path(),
        operator_token=SecretStr(OPERATOR_TOKEN),
    )  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    return create_app(settings)


def entries(routes: Sequence[BaseRoute]) -> Iterator[Class]:
    """Path and method of everything that a route table serves, at any depth; a kind of route we do not know fails."""
    for route in routes:
        if isinstance(route, Mount):
            yield route.path, "GET"
            yield from ((route.path + path, method) for path, method in entries(route.routes))
        elif isinstance(route, WebSocketRoute):
            yield route.path, "GET"
        else:
            assert isinstance(route, Route), f"{route!r} hides its routes: declare them one by one"
            yield from ((route.path, method) for method in route.methods or ())


def unclassified(app: FastAPI) -> list[Class]:
    return [entry for entry in entries(app.routes) if access_of(*entry) is None]


@pytest.mark.row("W9")
def test_every_route_of_the_gateway_is_declared_with_a_class(reached: Reached) -> None:
    app = application()

    reached(exactly("routes without an access class", unclassified(app), []))
    assert {path for path, _ in entries(app.routes)} == set(ROUTES)


def test_a_new_route_that_nobody_declared_is_found_wherever_it_hides() -> None:
    app = application()

    async def nothing() -> None:
        raise AssertionError("nobody asks")

    app.add_api_route("/api/new", nothing)
    app.mount("/sub", FastAPI(openapi_url=None, routes=[Route("/inner", nothing)]))

    found = {("/api/new", "GET"), ("/sub", "GET"), ("/sub/inner", "GET"), ("/sub/inner", "HEAD")}
    assert set(unclassified(app)) == found


async def test_a_route_that_nobody_declared_is_served_to_nobody_not_even_to_the_operator() -> None:
    gateway = application()

    async def secret() -> str:
        return "not yours"

    gateway.router.routes.insert(0, Route("/api/new", secret))
    headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    transport = httpx.ASGITransport(gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        answer = await client.get("/api/new")

    assert answer.status_code == 403


@pytest.mark.parametrize("path", [*ROUTES, "/api/never-heard-of", None])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"])
def test_whatever_may_change_something_is_the_operators_by_construction(path: str | None, method: str) -> None:
    assert access_of(path, method) is Access.OPERATOR


def test_only_get_and_head_change_nothing() -> None:
    assert SAFE_METHODS == ("GET", "HEAD")


def test_the_files_of_the_pages_are_open_and_a_path_unknown_is_closed() -> None:
    assert access_of(FILES, "GET") is Access.VIEW
    assert access_of("/api/new", "GET") is None
    assert access_of(None, "GET") is None


def test_every_message_of_the_socket_is_declared_and_none_but_those_of_a_viewer_is_heard() -> None:
    assert set(MESSAGES) == set(TYPES)
    assert set(MESSAGES.values()) == {Access.VIEW}
