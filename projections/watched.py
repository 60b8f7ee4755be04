"""Watched read model: what each watch group has watched, rolled up (rules 16 to 19)."""

from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from domain.state.tables import Watermark
from projections.keeping import keeping_single, keeping_tuples
from projections.projection import Projection, TableOf, live_table
from projections.schema import Base


class Watched(Base):
    """All that stood under the item at the catalog version, and has since, is watched."""

    __tablename__ = "watched"

    watch_group: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    catalog_version: Mapped[int]


class WatchedWatermark(Base):
    """How far a watch group has come with a container; the columns are those of `Watermark`."""

    __tablename__ = "watched_watermark"

    watch_group: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    first_version: Mapped[int]
    through: Mapped[int]


class WatchedProjection(Projection):
    name = "watched"
    models: ClassVar[tuple[type[Base], ...]] = (Watched, WatchedWatermark)

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self.keeps = {
            "watched": keeping_single(self.bulk(Watched, "watch_group", "item")),
            "watermarks": keeping_tuples(
                self.bulk(WatchedWatermark, "watch_group", "item"), Watermark
            ),
        }
