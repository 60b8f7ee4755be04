"""Catalog read model: every item ever placed, as it is now."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar

from sqlalchemy import JSON, Connection, Index, Table
from sqlalchemy.orm import Mapped, mapped_column

from domain.catalog import Catalog
from domain.events import CATALOG
from domain.fold import Fold
from domain.items import Kind, kind_of
from projections.bulk import Values
from projections.projection import Page, Projection, TableOf, live_table
from projections.schema import Base


class Item(Base):
    """One item. `hidden` says that it was removed itself; what stands under it is hidden with it.

    `placed_version` is the catalog version that put it where it stands (rule 4).
    """

    __tablename__ = "item"
    __table_args__ = (Index("item_parent", "parent"),)

    item: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    parent: Mapped[str | None]
    index: Mapped[int | None]
    title: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(JSON)
    external_ids: Mapped[dict[str, str]] = mapped_column(JSON)
    runtime_seconds: Mapped[float | None]
    tracks_progress: Mapped[bool | None]
    year: Mapped[int | None]
    released_at: Mapped[datetime | None]
    hidden: Mapped[bool]
    placed_version: Mapped[int]

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012  # SQLAlchemy's own way to say it


class MovieShelf(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.MOVIE_SHELF.value}  # noqa: RUF012


class Movie(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.MOVIE.value}  # noqa: RUF012


class ShowShelf(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.SHOW_SHELF.value}  # noqa: RUF012


class Show(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.SHOW.value}  # noqa: RUF012


class Season(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.SEASON.value}  # noqa: RUF012


class Episode(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.EPISODE.value}  # noqa: RUF012


class StreamSource(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.STREAM_SOURCE.value}  # noqa: RUF012


class Streamable(Item):
    __mapper_args__ = {"polymorphic_identity": Kind.STREAMABLE.value}  # noqa: RUF012


class CatalogProjection(Projection):
    name = "catalog"
    models: ClassVar[tuple[type[Base], ...]] = (Item,)
    is_by_user = False

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self._items = self.bulk(Item, "parent", "item")

    def write(self, connection: Connection, page: Page) -> None:
        items = {
            recorded.event.item: None
            for recorded in page.events
            if isinstance(recorded.event, CATALOG)
        }
        catalog = page.fold.directory.catalog
        rows = [_row(catalog, item) for item in items]
        self._items.upsert(connection, rows)

    def contents(self, fold: Fold) -> Iterator[tuple[Table, Iterable[Values]]]:
        catalog = fold.directory.catalog
        yield self.table_of(Item), (_row(catalog, item) for item in catalog.nodes)


def _row(catalog: Catalog, item: str) -> Values:
    node = catalog.nodes[item]
    details = node.details
    return (
        item,
        kind_of(item).value,
        node.parent,
        details.index,
        details.title,
        list(details.tags),
        dict(details.external_ids),
        details.runtime_seconds,
        details.tracks_progress,
        details.year,
        details.released_at,
        item in catalog.hidden,
        node.placed_version,
    )
