"""What media servers send of the catalog, from bytes to commands, each item by itself."""

from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json
from typing_extensions import TypedDict

from domain.commands import Command, LinkItems, PlaceItem
from domain.rejection import Rejection
from infrastructure.commands.documents import fields_of, piece, whole
from infrastructure.commands.submissions import Unreadable
from infrastructure.commands.validation import Invalid, faults, in_words

ITEMS_MAX = 5_000
LINKS_MAX = 1_000
_ID_LENGTH_MAX = 200

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class ItemsBody(TypedDict):
    items: Annotated[list[PlaceItem], Field(min_length=1, max_length=ITEMS_MAX)]


@with_config(_STRICT)
class _AnyItems(TypedDict):
    items: Annotated[list[Any], Field(min_length=1, max_length=ITEMS_MAX)]


@with_config(_STRICT)
class LinksBody(TypedDict):
    links: Annotated[list[LinkItems], Field(min_length=1, max_length=LINKS_MAX)]


@with_config(_STRICT)
class _AnyLinks(TypedDict):
    links: Annotated[list[Any], Field(min_length=1, max_length=LINKS_MAX)]


ITEMS_BODY = TypeAdapter(ItemsBody)
LINKS_BODY = TypeAdapter(LinksBody)
_ANY_ITEMS = TypeAdapter(_AnyItems)
_ANY_LINKS = TypeAdapter(_AnyLinks)
_ITEM = TypeAdapter(PlaceItem)
_LINK = TypeAdapter(LinkItems)

C = TypeVar("C", bound=Command)


def parse_items(body: bytes) -> list[PlaceItem | Unreadable]:
    """The items of a request body, in order. Raises ValueError if none of it can be read."""
    if (sent := whole(ITEMS_BODY, body)) is not None:
        return list(sent["items"])
    items = _ANY_ITEMS.validate_python(fields_of(body))["items"]
    return [_parse(each, _ITEM, "invalid_item") for each in items]


def parse_item(text: bytes) -> PlaceItem | Unreadable:
    """One item of a file that has one a line. Raises ValueError for what is no JSON."""
    return _parse(from_json(text), _ITEM, "invalid_item")


def parse_links(body: bytes) -> list[LinkItems | Unreadable]:
    """The links of a request body, in order. Raises ValueError if none of it can be read."""
    if (sent := whole(LINKS_BODY, body)) is not None:
        return list(sent["links"])
    links = _ANY_LINKS.validate_python(fields_of(body))["links"]
    return [_parse(each, _LINK, "invalid_link") for each in links]


def _parse(value: Any, adapter: TypeAdapter[C], code: str) -> C | Unreadable:
    try:
        return piece(adapter, value)
    except (ValidationError, Invalid) as error:
        found = in_words(faults(error))
        return Unreadable(_item_of(value), Rejection(code, f"{found}."))


def _item_of(value: Any) -> str | None:
    found = value.get("item") if isinstance(value, dict) else None
    return found if isinstance(found, str) and len(found) <= _ID_LENGTH_MAX else None
