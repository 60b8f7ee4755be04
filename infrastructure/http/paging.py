"""Lists in pages: a limit, and a cursor that says where the page before ended."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from infrastructure.http.problem_details import FieldFault, Problem

LIMIT_MAX = 1_000

T = TypeVar("T")

Place = Annotated[int, Field(ge=-(2**62), le=2**62)]
"""A position or an instant in a cursor: what a database can be asked about."""

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=2_000, description="`next_cursor` of the page before.")
]


def page_of(found: Iterable[T], limit: int) -> tuple[list[T], bool]:
    """The first `limit` of what was found, and whether there is more."""
    page = list(islice(found, limit + 1))
    return page[:limit], len(page) > limit


def to_cursor(place: Any) -> str:
    """A place in a list, as an opaque text that is safe in a URL."""
    return urlsafe_b64encode(to_json(place)).rstrip(b"=").decode()


def from_cursor(cursor: str, place: TypeAdapter[T]) -> T:
    """The place of a cursor. Raises Problem for what this list never gave out."""
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        return place.validate_json(text)
    except (ValueError, ValidationError):
        fault = FieldFault(detail="isn't a cursor of this list", parameter="cursor")
        raise Problem(
            "invalid_cursor",
            "Send next_cursor of this very list as it came, or begin anew without a cursor.",
            errors=[fault],
        ) from None
