"""Reads JSON that may mean harm, at a bounded cost in memory.

What a document costs once it is read hangs on how many values it has more than on its size, and a
fault costs more than what it is found in. So values are counted before anything is read, an object
with more fields than any has a use for is refused before it is validated, and what is large is
validated piece by piece.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from infrastructure.commands.validation import Fault, Invalid, pointer_of

FIELDS_MAX = 100
PIECE_LENGTH_MAX = 1024 * 1024
_VALUES_MAX = 200_000
_WHOLE_SIZE_MAX_BYTES = 256 * 1024

_TOO_MANY_FIELDS = f"has more than {FIELDS_MAX} fields; send those that are described"
_TOO_LONG = f"is longer than {PIECE_LENGTH_MAX} characters; send less of it"

T = TypeVar("T")


class TooLarge(ValueError):
    """A document that would cost too much to read; the message says what to do."""


def whole(adapter: TypeAdapter[T], body: bytes) -> T | None:
    """What a document says, or None where it has to be looked at in pieces: it is large or wrong.

    The fast way, for what is validated once and never twice where all is well.
    """
    if len(body) > _WHOLE_SIZE_MAX_BYTES:
        return None
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return None


def fields_of(body: bytes) -> dict[str, Any]:
    """The fields of a document that is an object, to be validated.

    Raises TooLarge, Invalid, and ValueError for what is no JSON.
    """
    # What begins a value or comes before one, in texts as well: there are no more than these.
    if len(body) > _VALUES_MAX and sum(map(body.count, b",:[{")) > _VALUES_MAX:
        raise TooLarge(f"The body holds more than {_VALUES_MAX} values; send less at a time.")
    found = from_json(body)
    if not isinstance(found, dict):
        raise Invalid(Fault("", "should be an object"))
    _check_fields(found)
    return found


def one(adapter: TypeAdapter[T], body: bytes) -> T:
    """A document that is about one thing. Raises as `fields_of`, and ValidationError."""
    if len(body) > PIECE_LENGTH_MAX:
        raise TooLarge(f"The body {_TOO_LONG}.")
    fields_of(body)
    return adapter.validate_json(body)


def piece(adapter: TypeAdapter[T], value: Any) -> T:
    """A piece of a document that was read. Raises Invalid, ValidationError."""
    _check_fields(value)
    if _length(value) > PIECE_LENGTH_MAX:
        raise Invalid(Fault("", _TOO_LONG))
    return adapter.validate_json(to_json(value))


def _check_fields(value: Any) -> None:
    """Of the objects that are validated none is deeper than an object's own fields."""
    if not isinstance(value, dict):
        return
    if len(value) > FIELDS_MAX:
        raise Invalid(Fault("", _TOO_MANY_FIELDS))
    for name, each in value.items():
        if isinstance(each, dict) and len(each) > FIELDS_MAX:
            raise Invalid(Fault(pointer_of([name]), _TOO_MANY_FIELDS))


def _length(value: Any) -> int:
    """How long all texts are together."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_length, value)) + sum(map(_length, value.values()))
    return sum(map(_length, value)) if isinstance(value, list) else 0
