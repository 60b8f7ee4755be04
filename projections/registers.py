"""Registers read model: what each device user last said of each item, to make the roll-up of.

Internal: the columns are those of the values in `domain.state.tables`.
"""

import json
from collections.abc import Iterable
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from domain.state.cached_table import Key
from domain.state.tables import ContainerRegister, Mark
from projections.bulk import Values
from projections.keeping import Keeping, keeping_single, keeping_tuples
from projections.projection import Projection, TableOf, live_table
from projections.schema import Base


class LeafRegister(Base):
    """The newest mark of a cduid on a watchable item."""

    __tablename__ = "leaf_register"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    position: Mapped[int]
    catalog_version: Mapped[int]
    watched: Mapped[bool]


class ContainerRegisterRow(Base):
    """The marks of a cduid on a container that still count, as JSON, and when it touched it."""

    __tablename__ = "container_register"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    first_version: Mapped[int]
    marks: Mapped[str] = mapped_column("sweeps")


class UnplacedItem(Base):
    """Who spoke about an item that the catalog doesn't know."""

    __tablename__ = "unplaced_item"

    item: Mapped[str] = mapped_column(primary_key=True)
    cduid: Mapped[str] = mapped_column(primary_key=True)
    spoken: Mapped[bool]


class RegistersProjection(Projection):
    name = "registers"
    models: ClassVar[tuple[type[Base], ...]] = (LeafRegister, ContainerRegisterRow, UnplacedItem)

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self.keeps = {
            "marks": keeping_tuples(self.bulk(LeafRegister, "cduid", "item"), Mark),
            "containers": Keeping(self.bulk(ContainerRegisterRow, "cduid", "item"), _pack, _unpack),
            "unplaced": keeping_single(self.bulk(UnplacedItem, "item", "cduid")),
        }


_NO_MARKS = "[]"
"""As nearly all are."""


def _pack(items: Iterable[tuple[Key, ContainerRegister]], _: int) -> list[Values]:
    return [
        (*key, first_version, json.dumps(marks) if marks else _NO_MARKS)
        for key, (first_version, marks) in items
    ]


def _unpack(rows: list[Values]) -> dict[Key, ContainerRegister]:
    return {
        (cduid, item): ContainerRegister(
            first_version,
            () if marks == _NO_MARKS else tuple(Mark(*each) for each in json.loads(marks)),
        )
        for cduid, item, first_version, marks in rows
    }
