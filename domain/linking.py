"""Linking by hand: two items become one work, or one gets a work of its own again (rule 24)."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from domain.catalog import Catalog
from domain.commands import LinkItems
from domain.events import CatalogEvent, ItemLinked, ItemUnlinked
from domain.items import is_watchable, kind_of
from domain.matching import Works
from domain.placing import unknown_item
from domain.rejection import Rejection

LinkedStatus = Literal["linked", "unchanged"]


class Linking(NamedTuple):
    """The events of one call, and for each link in order what becomes of it."""

    events: list[CatalogEvent]
    results: list[LinkedStatus | Rejection]


def link_items(commands: Sequence[LinkItems], catalog: Catalog) -> Linking:
    """Decides links that somebody made, whatever ids or an earlier unlinking say."""
    linking = Linking([], [])
    works = Works(catalog)
    for command in commands:
        item, same_as = command.item, command.same_as
        if (rejection := _rejection(item, same_as, catalog)) is not None:
            linking.results.append(rejection)
        elif same_as in works.of(item):
            linking.results.append("unchanged")
        else:
            works.join(item, same_as)
            linking.events.append(ItemLinked(item=item, same_as=same_as))
            linking.results.append("linked")
    return linking


def _rejection(item: str, same_as: str, catalog: Catalog) -> Rejection | None:
    if item == same_as:
        return Rejection("link_to_itself", f"{item} is one work with itself; name another item.")
    for each in (item, same_as):
        if not is_watchable(each):
            return Rejection(
                "link_of_container", f"{each} holds other items; link those that are played."
            )
    if kind_of(item) is not kind_of(same_as):
        return Rejection(
            "link_between_kinds",
            f"{item} and {same_as} are of different kinds; link items of one kind.",
        )
    missing = next((each for each in (item, same_as) if each not in catalog), None)
    return None if missing is None else unknown_item(missing)


def unlink_item(item: str, catalog: Catalog) -> list[CatalogEvent] | Rejection:
    """Gives an item a work of its own; one that has it already stays as it is."""
    if item not in catalog:
        return unknown_item(item)
    return [ItemUnlinked(item=item)] if len(catalog.work(item)) > 1 else []
