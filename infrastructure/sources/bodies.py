"""Bodies: the one JSON object that a delivery holds, whether it came as JSON or in a form's part.

Content types aren't trusted with JSON: Jellyfin sends it as `text/plain`.
"""

from typing import Any, NamedTuple

from pydantic_core import from_json

from infrastructure.sources.heard import Delivery, NotUnderstood
from infrastructure.sources.multipart import PART_BYTES_MAX, is_form, read_form

_PARTS = ("payload", "data")
"""Where Plex and Emby put their JSON."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """What a delivery says, and the part of a form that it stood in, if it came as one."""

    value: dict[str, Any]
    part: str | None = None


def read_body(delivery: Delivery) -> Document:
    """The object that a delivery holds. Raises NotUnderstood where there is none."""
    if not is_form(delivery.content_type):
        return Document(_object(delivery.body))
    parts = read_form(delivery.content_type, delivery.body, _PARTS)
    for name in _PARTS:
        if name in parts:
            return Document(_object(parts[name]), name)
    raise NotUnderstood(
        "The form has neither a part named payload, which Plex sends, nor one named data, which "
        "Emby sends."
    )


def _object(text: bytes) -> dict[str, Any]:
    if not text.strip():
        raise NotUnderstood("It is empty.")
    if len(text) > PART_BYTES_MAX:
        raise NotUnderstood(f"It is longer than {PART_BYTES_MAX:,} bytes, which no server's is.")
    value = _json(text.removeprefix(_BYTE_ORDER_MARK))
    if not isinstance(value, dict):
        raise NotUnderstood("It is JSON, but no object, and every server sends one.")
    return value


def _json(text: bytes) -> Any:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"It isn't UTF-8: {error.reason} at byte {error.start}.") from error
    try:
        return from_json(text)
    except ValueError as error:
        raise NotUnderstood(f"It isn't JSON: {error}.") from error
