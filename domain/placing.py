"""Placing: what becomes of items that a media server places, hides or restores (rules 4 and 5)."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from domain.catalog import Catalog
from domain.commands import PlaceItem
from domain.events import (
    CatalogEvent,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
)
from domain.external_ids import NAMESPACES
from domain.items import PARENT_KIND, Kind, kind_of
from domain.matching import link_by_ids
from domain.rejection import Rejection
from domain.standing_in import replaced

PlacedStatus = Literal["placed", "moved", "changed", "restored", "unchanged"]

_NO_DETAILS = Details()
_STATUS: dict[type[CatalogEvent], PlacedStatus] = {
    ItemPlaced: "placed",
    ItemMoved: "moved",
    ItemRestored: "restored",
    ItemDescribed: "changed",
}


def _depth(kind: Kind) -> int:
    parent = PARENT_KIND[kind]
    return 0 if parent is None else 1 + _depth(parent)


_DEPTH = {kind: _depth(kind) for kind in Kind}


class Placing(NamedTuple):
    """The events of one call, parents first, then links, and what these leave nothing to stand in
    for; and for each item in order what becomes of it.
    """

    events: list[CatalogEvent]
    results: list[PlacedStatus | Rejection]


def place_items(
    commands: Sequence[PlaceItem], catalog: Catalog, namespaces: Collection[str] = NAMESPACES
) -> Placing:
    """Decides an upsert of many items, which may come in any order, and what is linked by it.

    `namespaces` are those whose ids link (rule 24).
    """
    events: list[CatalogEvent] = []
    results: dict[int, PlacedStatus | Rejection] = {}
    seen: set[str] = set()
    placed: dict[str, PlaceItem] = {}
    for number in sorted(
        range(len(commands)), key=lambda number: _DEPTH[kind_of(commands[number].item)]
    ):
        command = commands[number]
        rejection = _rejection(command, catalog, seen, placed)
        seen.add(command.item)
        if rejection is not None:
            results[number] = rejection
            continue
        placed[command.item] = command
        changes = _changes(command, catalog)
        events += changes
        results[number] = _STATUS[type(changes[0])] if changes else "unchanged"
    after = catalog.after(events) if events else catalog
    links = _links(placed, after, namespaces)
    found = [results[number] for number in range(len(commands))]
    return Placing([*events, *links, *replaced(links, after)], found)


def _links(
    placed: dict[str, PlaceItem], after: Catalog, namespaces: Collection[str]
) -> list[ItemLinked]:
    apart = {item for item, command in placed.items() if not command.link}
    return link_by_ids([item for item in placed if item not in apart], after, namespaces, apart)


def _rejection(
    command: PlaceItem, catalog: Catalog, seen: set[str], placed: Collection[str]
) -> Rejection | None:
    item, kind = command.item, kind_of(command.item)
    if item in seen:
        return Rejection("repeated_item", f"{item} is in this call twice; send it once.")
    if command.tracks_progress is not None and kind is not Kind.STREAM_SOURCE:
        return Rejection("misplaced_field", "tracks_progress belongs to a stream_source only.")
    if "parent" not in command.model_fields_set and item in catalog:
        return None
    return _parent_rejection(command, PARENT_KIND[kind], catalog, placed)


def _parent_rejection(
    command: PlaceItem, parent_kind: Kind | None, catalog: Catalog, placed: Collection[str]
) -> Rejection | None:
    parent, kind = command.parent, kind_of(command.item)
    if parent_kind is None:
        if parent is None:
            return None
        return Rejection("wrong_parent_kind", f"A {kind} stands at the top; send no parent.")
    if parent is None:
        return Rejection("parent_missing", f"A {kind} needs a {parent_kind} as its parent.")
    if kind_of(parent) is not parent_kind:
        return Rejection(
            "wrong_parent_kind", f"A {kind} stands under a {parent_kind}, not under {parent}."
        )
    if parent not in catalog and parent not in placed:
        return Rejection(
            "unknown_parent", f"{parent} isn't in the catalog; place it before or in this call."
        )
    return None


def _changes(command: PlaceItem, catalog: Catalog) -> list[CatalogEvent]:
    """The events of an item that isn't rejected, the one that names its status first."""
    item, parent = command.item, command.parent
    node = catalog.nodes.get(item)
    details = _details(command, _NO_DETAILS if node is None else node.details)
    if node is None:
        return [ItemPlaced(item=item, parent=parent, details=details)]
    events: list[CatalogEvent] = []
    if parent is not None and parent != node.parent:
        events.append(ItemMoved(item=item, parent=parent))
    if item in catalog.hidden:
        events.append(ItemRestored(item=item))
    if details != node.details:
        events.append(ItemDescribed(item=item, details=details))
    return events


def _details(command: PlaceItem, before: Details) -> Details:
    given = command.given(*Details.model_fields)
    if not given:
        return before
    unset = {name: getattr(_NO_DETAILS, name) for name, value in given.items() if value is None}
    return before.model_copy(update={**given, **unset})


def hide_item(item: str, catalog: Catalog) -> list[CatalogEvent] | Rejection:
    """Hides an item and all under it; hiding it again changes nothing."""
    if item not in catalog:
        return unknown_item(item)
    return [] if item in catalog.hidden else [ItemHidden(item=item)]


def restore_item(item: str, catalog: Catalog) -> list[CatalogEvent] | Rejection:
    """Brings a hidden item back; what isn't hidden itself stays as it is."""
    if item not in catalog:
        return unknown_item(item)
    return [ItemRestored(item=item)] if item in catalog.hidden else []


def unknown_item(item: str) -> Rejection:
    """The rejection for an item that isn't there, or that is withheld from who asks (rule 15)."""
    return Rejection("unknown_item", f"There is no {item} in the catalog.")
