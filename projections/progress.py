"""Progress read model: what each device user started and hasn't ended since (rule 12)."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from domain.instants import from_us, to_us
from domain.state.cached_table import Key
from domain.state.tables import Progress
from projections.bulk import Values
from projections.keeping import Keeping
from projections.projection import Projection, TableOf, live_table
from projections.schema import Base


class ProgressRow(Base):
    """The newest started progress on an item, unless a mark of the same device user ended it.

    Whether it is still in progress depends on who looks.
    """

    __tablename__ = "progress"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    played_seconds: Mapped[float | None]
    duration_seconds: Mapped[float | None]
    share: Mapped[float | None]
    at: Mapped[datetime]
    position: Mapped[int]


class ProgressProjection(Projection):
    name = "progress"
    models: ClassVar[tuple[type[Base], ...]] = (ProgressRow,)

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        rows = self.bulk(ProgressRow, "cduid", "item")
        self.keeps = {"progress": Keeping(rows, _pack, _unpack)}


def _pack(items: Iterable[tuple[Key, Progress]], _: int) -> list[Values]:
    return [
        (*key, played_seconds, duration_seconds, share, from_us(at_us), position)
        for key, (at_us, position, played_seconds, duration_seconds, share) in items
    ]


def _unpack(rows: list[Values]) -> dict[Key, Progress]:
    return {
        (cduid, item): Progress(to_us(at), position, played_seconds, duration_seconds, share)
        for cduid, item, played_seconds, duration_seconds, share, at, position in rows
    }
