"""All read models together: what a fold reads through, and where its pages are written."""

from sqlalchemy import Connection

from domain.state.cached_table import CachedTable
from domain.state.tables import Tables
from projections.bookmark import Bookmark
from projections.catalog import CatalogProjection
from projections.device_users import DeviceUsersProjection
from projections.keeping import Source
from projections.plays import PlaysProjection
from projections.progress import ProgressProjection
from projections.projection import Page, Projection, TableOf, live_table
from projections.registers import RegistersProjection
from projections.stats import StatsProjection
from projections.watched import WatchedProjection

PROJECTIONS: tuple[type[Projection], ...] = (
    CatalogProjection,
    DeviceUsersProjection,
    RegistersProjection,
    WatchedProjection,
    ProgressProjection,
    PlaysProjection,
    StatsProjection,
)
"""Adding a read model is adding it here."""

METADATA = Bookmark.metadata
"""Every table of every read model."""


class ReadModels:
    """Every projection, on readers' tables or on those that `table_of` names."""

    def __init__(self, table_of: TableOf = live_table) -> None:
        self.projections = [projection(table_of) for projection in PROJECTIONS]

    def tables(self, source: Source) -> Tables:
        """The fold's tables, read through `source`."""
        return Tables(
            **{
                name: CachedTable(keeping.loader(source))
                for projection in self.projections
                for name, keeping in projection.keeps.items()
            }
        )

    def write(self, connection: Connection, page: Page) -> None:
        """Write what a page changed. Commits nothing."""
        for projection in self.projections:
            projection.write(connection, page)
