"""Security headers on every answer."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.publish.headers import SecurityHeaders


async def plain(request: Request) -> Response:
    return PlainTextResponse("x", headers={"Cache-Control": "max-age=60"})


@pytest.fixture
def browser() -> httpx.AsyncClient:
    app = SecurityHeaders(Starlette(routes=[Route("/plain", plain)]))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


@pytest.mark.parametrize("path", ["/plain", "/nowhere"])
async def test_no_answer_may_load_or_run_anything_foreign(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "access-control-allow-origin" not in answer.headers


async def test_a_header_that_the_answer_has_is_left_alone(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/plain")

    assert answer.headers.get_list("cache-control") == ["max-age=60"]
