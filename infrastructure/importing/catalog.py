"""Imports files of the catalog, parents and children in any order.

A child that comes before its parent is kept aside and tried again at the end. Where an item comes
several times, its last line wins, as if each had been sent by itself.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from domain.commands import PlaceItem
from domain.items import Kind, kind_of
from domain.rejection import Rejection
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.placements import parse_item
from infrastructure.importing.events import BATCH, Imported, parsed_line
from infrastructure.importing.lines import FileProblem, Line

ASIDE_MAX = 100_000
"""How many items may wait for their parents: some 100 MB."""

_NO_PARENT = "unknown_parent"
_DOWNWARD = {kind: number for number, kind in enumerate(Kind)}


class _Item(NamedTuple):
    line: int
    command: PlaceItem


class CatalogImport:
    """Places the items of one file."""

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler
        self._batch: dict[str, _Item] = {}
        self._aside: list[_Item] = []
        self._waiting: set[str] = set()

    def run(self, lines: Iterable[Line]) -> Iterator[Imported]:
        """Places the items, and says of each line what became of it, once that is certain."""
        try:
            for line in lines:
                parsed = parsed_line(line, parse_item)
                if isinstance(parsed, Imported):
                    yield parsed
                else:
                    yield from self._take(_Item(line.number, parsed))
        except FileProblem:
            yield from self._finish()  # what came before the break counts
            raise
        yield from self._finish()

    def _take(self, item: _Item) -> Iterator[Imported]:
        name = item.command.item
        if name in self._waiting and len(self._aside) < ASIDE_MAX:
            self._aside.append(item)  # an earlier line about it waits, and mustn't win
            return
        if name in self._batch or len(self._batch) >= BATCH:
            yield from self._place_or_wait()
        self._batch[name] = item

    def _finish(self) -> Iterator[Imported]:
        yield from self._place_or_wait()
        yield from self._place_waiting()

    def _place_or_wait(self) -> Iterator[Imported]:
        batch, self._batch = self._batch, {}
        for item, result in self._place(batch):
            lacks_parent = result.rejection is not None and result.rejection.code == _NO_PARENT
            if lacks_parent and len(self._aside) < ASIDE_MAX:
                self._aside.append(item)
                self._waiting.add(item.command.item)
            else:
                yield result

    def _place_waiting(self) -> Iterator[Imported]:
        """Places what waits, the highest in the tree first, an item's lines in their order."""
        batch: dict[str, _Item] = {}
        for item in sorted(self._aside, key=lambda each: _DOWNWARD[kind_of(each.command.item)]):
            if item.command.item in batch or len(batch) >= BATCH:
                yield from (result for _, result in self._place(batch))
                batch = {}
            batch[item.command.item] = item
        yield from (result for _, result in self._place(batch))

    def _place(self, batch: dict[str, _Item]) -> list[tuple[_Item, Imported]]:
        items = list(batch.values())
        placed, _ = self._handler.place_items([item.command for item in items])
        return [
            (
                item,
                Imported(item.line, "rejected", item.command.item, result)
                if isinstance(result, Rejection)
                else Imported(item.line, result, item.command.item),
            )
            for item, result in zip(items, placed, strict=True)
        ]
