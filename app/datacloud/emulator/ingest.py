"""The Ingestion API: what is checked, in which order, and what is said.

What a request's head alone can be refused for is found before its body is read; the caller reads the body all the same,
as the service does, so that the connection stays usable.

Source:
    Salesforce, Data 360 Ingestion API: streaming ingestion, synchronous record validation, delete.
"""

from __future__ import annotations

from typing import Any, Final

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.lake import Lake, record_complaints
from app.datacloud.emulator.limiter import TokenBucket
from app.datacloud.emulator.messages import Head, Reply, http_date, json_reply, problem
from app.datacloud.emulator.payload import BadPayload, Parsed, json_value, records_in, unzipped
from app.datacloud.emulator.tokens import TokenBook
from app.datacloud.schema import ObjectSpec

MISMATCH: Final = "Bad Request: JSON is properly formatted but has a mismatch with Schema."
MOST_DELETED: Final = 200
ACCEPTED: Final = {"accepted": True}

_MOST_REPORTED: Final = 100  # records of one report; how many the service tells is not documented


def early_refusal(
    head: Head, config: EmulatorConfig, bucket: TokenBucket, tokens: TokenBook, now_s: float
) -> Reply | None:
    """What a request is refused for by its head alone, or None.

    Args:
        head: The request.
        config: The org.
        bucket: The rate; one request is taken from it.
        tokens: What was given out.
        now_s: Seconds since 1970 UTC.
    """
    if not bucket.take(now_s, config.rate_limit_rps, config.burst):
        return problem(429, "Request rate limit exceeded.", head, now_s, *retry_after(config, now_s))
    if (why := _unauthorised(head, tokens, now_s)) is not None:
        return problem(401, why, head, now_s, ("WWW-Authenticate", "Bearer"))
    if spec_of(head, config) is None:
        return problem(404, "Source or object not found, or no data stream is deployed for it.", head, now_s)
    allowed = ("POST",) if _is_test(head) else ("POST", "DELETE")
    if head.method not in allowed:
        return problem(405, f"Method {head.method} is not supported.", head, now_s, ("Allow", ", ".join(allowed)))
    return _unsupported(head, config, now_s)


def answer(head: Head, body: bytes, config: EmulatorConfig, lake: Lake, now_s: float) -> Reply:
    """What is said to a request that its head was no reason to refuse.

    Args:
        head: The request.
        body: Its body; cut off somewhere beyond the limit when it is longer.
        config: The org.
        lake: Takes the records.
        now_s: Seconds since 1970 UTC.
    """
    spec = spec_of(head, config)
    assert spec is not None, "early_refusal comes first"
    try:
        plain = _plain(head, body, config)
        if plain is None:
            return _too_large(head, config, now_s)
        if head.method == "DELETE":
            lake.delete(spec, _ids(head, plain), config)
            return json_reply(202, ACCEPTED)
        records = records_in(plain, config.check_duplicate_keys)
    except BadPayload as refused:
        return problem(400, f"Bad Request: {refused}", head, now_s)
    return _take(head, spec, records, config, lake, now_s)


def _take(
    head: Head, spec: ObjectSpec, records: list[Parsed], config: EmulatorConfig, lake: Lake, now_s: float
) -> Reply:
    is_test = _is_test(head)
    if (is_test or config.validation == "strict") and (report := _report(spec, records, config)):
        refusal = problem(400, MISMATCH, head, now_s, details={"validationReport": report})
        return Reply(refusal.status, refusal.body, refusal.headers, len(records))
    if is_test:
        return json_reply(200, ACCEPTED, records=len(records))
    lake.accept(spec, records, config, now_s)
    return json_reply(202, ACCEPTED, records=len(records))


def retry_after(config: EmulatorConfig, now_s: float) -> tuple[tuple[str, str], ...]:
    """The header that asks for patience, as configured; empty when none is told."""
    if config.retry_after_s is None:
        return ()
    is_date = config.retry_after_form == "date"
    told = http_date(now_s + config.retry_after_s) if is_date else f"{config.retry_after_s:g}"
    return (("Retry-After", told),)


def spec_of(head: Head, config: EmulatorConfig) -> ObjectSpec | None:
    """The object of an ingestion request, where source and object are known and deployed; case matters."""
    match head.segments:
        case ("api", "v1", "ingest", "sources", source, name) | (
            "api",
            "v1",
            "ingest",
            "sources",
            source,
            name,
            "actions",
            "test",
        ):
            found = next((spec for spec in config.sources.get(source, ()) if spec.name == name), None)
            return None if name in config.undeployed else found
    return None


def bearer(head: Head) -> str | None:
    """The token that a request carries."""
    scheme, _, token = head.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _is_test(head: Head) -> bool:
    return head.segments[-2:] == ("actions", "test")


def _unauthorised(head: Head, tokens: TokenBook, now_s: float) -> str | None:
    token = bearer(head)
    if token is None:
        return "A bearer token is required."
    issued = tokens.find(token)
    if issued is None or issued.kind != "dc":
        return "The token is invalid."
    if issued.revoked:
        return "The token was revoked."
    return "The token has expired." if now_s >= issued.expires_s else None


def _unsupported(head: Head, config: EmulatorConfig, now_s: float) -> Reply | None:
    is_bodiless = head.method == "DELETE" and "ids" in head.query
    if head.media_type != "application/json" and not is_bodiless:
        return problem(415, "Content-Type must be application/json.", head, now_s)
    encoding = head.headers.get("content-encoding", "identity").lower()
    if encoding == "identity" or (encoding == "gzip" and config.accept_gzip):
        return None
    return problem(415, f"Content-Encoding {encoding} is not supported.", head, now_s)


def _plain(head: Head, body: bytes, config: EmulatorConfig) -> bytes | None:
    """The body without compression; None when it is too long before or after."""
    if len(body) > config.max_body_bytes:
        return None
    if head.headers.get("content-encoding", "").lower() == "gzip":
        body = unzipped(body, config.max_body_bytes)
    return None if len(body) > config.max_body_bytes else body


def _too_large(head: Head, config: EmulatorConfig, now_s: float) -> Reply:
    told = f"Payload too large: the size limit is {config.max_body_bytes} bytes."
    return problem(config.oversize_status, told, head, now_s)


def _report(spec: ObjectSpec, records: list[Parsed], config: EmulatorConfig) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for record, raw in records:
        if causes := record_complaints(spec, record, config):
            found.append({"record": raw.decode(), "causingExceptions": causes})
            if len(found) == _MOST_REPORTED:
                break
    return found


def _ids(head: Head, body: bytes) -> frozenset[str]:
    """The ids that a DELETE names.

    Raises:
        BadPayload: It names none, or too many.
    """
    if "ids" in head.query:
        ids: Any = [one for text in head.query["ids"] for one in text.split(",") if one]
    else:
        value = json_value(body)
        ids = value.get("ids") if isinstance(value, dict) else None
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise BadPayload('a list "ids" of texts is required')
    if not 1 <= len(ids) <= MOST_DELETED:
        raise BadPayload(f"{len(ids)} ids, not 1 to {MOST_DELETED}")
    return frozenset(ids)
