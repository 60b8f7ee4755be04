"""What is wrong with something that was sent, told by field and in words that say what to do."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.items import Kind

_FAULTS_MAX = 20
_NAME_MAX = 100
_KINDS = ", ".join(Kind)
_SAID = {
    "missing": "is missing",
    "extra_forbidden": "isn't a field here; leave it out",
    "timezone_aware": "has no time zone; send one such as 2026-01-31T20:15:00Z",
    "finite_number": "must be a finite number",
    "int_parsing": "should be a valid integer",
    "float_parsing": "should be a valid number",
    "bool_parsing": "should be true or false",
}

_TEMPLATES = {
    "too_short": "holds {actual_length}; send {min_length} at least",
    "too_long": "holds {actual_length}; send {max_length} at most",
    "string_too_long": "is too long; send {max_length} characters at most",
    "union_tag_not_found": "has no {discriminator}",
    "union_tag_invalid": "has a type that isn't known; send {expected_tags}",
    "json_invalid": "isn't JSON: {error}",
}


class Fault(NamedTuple):
    """One thing that is wrong; `pointer` is a JSON pointer to it."""

    pointer: str
    detail: str


class Invalid(ValueError):
    """Something that isn't worth validating, with what is wrong with it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def faults(error: ValidationError | Invalid, *, ignored: Sequence[str] = ()) -> list[Fault]:
    """What is wrong, in order, and no more than anybody reads.

    `ignored` are steps that stand in no document, such as tags.
    """
    if isinstance(error, Invalid):
        return [error.fault]
    return faults_of(error.errors(include_url=False), ignored=ignored)


def faults_of(errors: Iterable[Any], *, ignored: Sequence[str] = ()) -> list[Fault]:
    """As `faults`, of what pydantic lists."""
    return [
        Fault(pointer_of(step for step in each["loc"] if step not in ignored), _said(each))
        for each in islice(errors, _FAULTS_MAX)
    ]


def in_words(found: Iterable[Fault]) -> str:
    """All faults in one sentence."""
    return "; ".join(f"{each.pointer[1:] or 'it'} {each.detail}" for each in found)


def pointer_of(steps: Iterable[Any]) -> str:
    """A JSON pointer; names that are too long to be any field's are told by how they begin."""
    return "".join(f"/{_begin(str(step)).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _begin(name: str) -> str:
    return name if len(name) <= _NAME_MAX else f"{name[:_NAME_MAX]}…"


def _said(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return _mismatch(error)
    if kind in _SAID:
        return _SAID[kind]
    if kind in _TEMPLATES:
        return _TEMPLATES[kind].format(**error.get("ctx", {}))
    message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message.replace("Input should", "should").replace("Input tag", "tag")


def _mismatch(error: ErrorDetails) -> str:
    pattern, value = str(error.get("ctx", {}).get("pattern")), str(error["input"])
    if r"\x00" in pattern:
        return "holds control characters; leave them out"
    if r"\d{4}" in pattern:
        return "is no month; send one such as 2026-11"
    if "movie" not in pattern:
        return "must be letters, digits, '.', '_', '~' or '-', from a letter or digit on, up to 128"
    kind, colon, _ = value.partition(":")
    if colon and kind not in list(Kind):
        return f"names no kind that there is; the kinds are {_KINDS}"
    return "is no item; send kind:key, the key of letters, digits, '.', '_', '~' or '-', up to 128"
