"""Request bodies: read with a bound, validated once from their bytes, described for OpenAPI."""

from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from infrastructure.commands.documents import TooLarge, one
from infrastructure.commands.validation import Fault, Invalid, faults
from infrastructure.http.problem_details import Problem, body_problem
from infrastructure.services import Services

M = TypeVar("M", bound=BaseModel)

_ARRAY = 'is an array; send the object around it, such as {"events": [...]} or {"items": [...]}'
_REF = "#/components/schemas/{model}"


async def read_body(request: Request) -> bytes:
    """The body, if it isn't too large, whatever it says of its length. Raises Problem."""
    services: Services = request.app.state.services
    max_bytes = services.settings.body_size_max_bytes
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks).removeprefix(BOM_UTF8)  # which some put before all that they write


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        "body_too_large",
        f"The body is larger than {max_bytes} bytes; send less at a time.",
        headers={"Connection": "close"},
    )


def body_of(model: type[M], *, unless_sent: bytes = b"") -> Callable[[Request], Awaitable[M]]:
    """A dependency that gives the body as a model, or `unless_sent` if there is none.

    Raises Problem.
    """
    adapter = TypeAdapter(model)

    async def read(request: Request) -> M:
        body = await read_body(request) or unless_sent
        try:
            return one(adapter, body)
        except ValueError as error:
            raise unreadable(body, error) from None

    return read


def unreadable(body: bytes, error: ValueError) -> Problem:
    """Why a body can't be taken, from what is wrong with it at the bottom."""
    if isinstance(error, TooLarge):
        return Problem("body_too_large", str(error))
    if not isinstance(error, (ValidationError, Invalid)):
        return _not_json(body, error)
    found = faults(error)
    if body.lstrip().startswith(b"["):
        found = [Fault("", _ARRAY)]
    return body_problem(found)


def _not_json(body: bytes, error: ValueError) -> Problem:
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return Problem("body_not_utf8", f"The body isn't UTF-8, from byte {wrong.start} on.")
    return Problem("body_not_json", f"The body isn't JSON: {error}.")


_described: dict[str, Any] = {}


def described(name: str, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """What OpenAPI says of a route that reads its body itself."""
    schema = adapter.json_schema(ref_template=_REF)
    _described.update(schema.pop("$defs", {}))
    _described[name] = schema
    content = {"application/json": {"schema": {"$ref": _REF.format(model=name)}}}
    return {"requestBody": {"required": True, "content": content}}


def described_schemas() -> dict[str, Any]:
    """The schemas that `described` refers to, by name."""
    return dict(_described)
