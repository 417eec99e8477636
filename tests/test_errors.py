"""The error tree."""

from __future__ import annotations

import inspect

from app import errors


def test_every_error_of_ours_has_one_root_and_stands_in_the_drawing() -> None:
    ours = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]

    assert errors.__doc__ is not None
    for kind in ours:
        assert issubclass(kind, errors.TelemetryError)
        assert kind.__name__ in errors.__doc__


def test_every_decode_error_has_a_reason_of_its_own() -> None:
    reasons = [kind.reason for kind in errors.DecodeError.__subclasses__()]

    assert len(set(reasons)) == len(reasons)
