"""Registers read model: what each device user last said of each item, and what it took back.

Internal: the columns are those of the values in `domain.state.tables`.
"""

import json
from collections.abc import Iterable
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from domain.state.cached_table import Key
from domain.state.tables import ContainerMark, ContainerRegister, Dismissal, Landmark, Mark, Restart
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
    """The marks of a cduid on a container that still count, as JSON, and since when it has any."""

    __tablename__ = "container_register"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    first_version: Mapped[int]
    marks: Mapped[str]


class LandmarkRow(Base):
    """How far what a cduid reported of a watchable item is settled."""

    __tablename__ = "landmark"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    position: Mapped[int]
    is_below: Mapped[bool]
    first_version: Mapped[int]


class DismissalRow(Base):
    """Whether a cduid last dismissed an item or recalled it (rule 27)."""

    __tablename__ = "dismissal"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    position: Mapped[int]
    is_dismissed: Mapped[bool]


class RestartRow(Base):
    """When a cduid last began a show, a season or a shelf of shows anew (rule 28)."""

    __tablename__ = "restart"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    position: Mapped[int]


class RetractionRow(Base):
    """The first retraction of what a cduid sent under an id, given in digits (rule 23)."""

    __tablename__ = "retraction"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    retracted: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]


class UnplacedItem(Base):
    """Who spoke about an item that the catalog doesn't know."""

    __tablename__ = "unplaced_item"

    item: Mapped[str] = mapped_column(primary_key=True)
    cduid: Mapped[str] = mapped_column(primary_key=True)
    spoken: Mapped[bool]


class RegistersProjection(Projection):
    name = "registers"
    models: ClassVar[tuple[type[Base], ...]] = (
        LeafRegister,
        ContainerRegisterRow,
        LandmarkRow,
        DismissalRow,
        RestartRow,
        RetractionRow,
        UnplacedItem,
    )

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self.keeps = {
            "marks": keeping_tuples(self.bulk(LeafRegister, "cduid", "item"), Mark),
            "containers": Keeping(self.bulk(ContainerRegisterRow, "cduid", "item"), _pack, _unpack),
            "landmarks": keeping_tuples(self.bulk(LandmarkRow, "cduid", "item"), Landmark),
            "dismissals": keeping_tuples(self.bulk(DismissalRow, "cduid", "item"), Dismissal),
            "restarts": keeping_tuples(self.bulk(RestartRow, "cduid", "item"), Restart),
            "retractions": keeping_single(self.bulk(RetractionRow, "cduid", "retracted")),
            "unplaced": keeping_single(self.bulk(UnplacedItem, "item", "cduid")),
        }


def _pack(items: Iterable[tuple[Key, ContainerRegister]], _: int) -> list[Values]:
    return [(*key, first_version, json.dumps(marks)) for key, (first_version, marks) in items]


def _unpack(rows: list[Values]) -> dict[Key, ContainerRegister]:
    return {
        (cduid, item): ContainerRegister(
            first_version,
            tuple(ContainerMark(Mark._make(mark), cut_us) for mark, cut_us in json.loads(marks)),
        )
        for cduid, item, first_version, marks in rows
    }
