"""What a projection is: its tables, and what it writes after a page of events was folded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection, Table

from domain.events import Recorded
from domain.fold import Fold
from projections.bulk import BulkTable, Values
from projections.keeping import Keeping
from projections.schema import Base


@dataclass(frozen=True, slots=True)
class Page:
    """A page of events and the fold that took it in. `after` is the position before its first."""

    events: Sequence[Recorded]
    fold: Fold
    after: int


TableOf = Callable[[type[Base]], Table]


def live_table(model: type[Base]) -> Table:
    """The table that readers look at."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  # for the type checker: no model is a join
    return table


class Projection:
    """One read model. `keeps` are the fold's tables that have their home in it, by their names.

    `table_of` says where each of `models` is: readers' tables, or those of a rebuild beside them.
    """

    name: ClassVar[str]
    models: ClassVar[tuple[type[Base], ...]]
    is_by_user: ClassVar[bool] = True
    """Whether each row is one user's, so that a rebuild may fold users apart."""

    def __init__(self, table_of: TableOf = live_table) -> None:
        self.table_of = table_of
        self.keeps: dict[str, Keeping[Any]] = {}

    def bulk(self, model: type[Base], owner: str, item: str) -> BulkTable:
        return BulkTable(self.table_of(model), owner, item)

    def write(self, connection: Connection, page: Page) -> None:
        """Bring the tables from the state before the page to that after it. Commits nothing."""
        for name, keeping in self.keeps.items():
            changes = getattr(page.fold.tables, name).changes()
            keeping.write(connection, changes, page.after)

    def contents(self, fold: Fold) -> Iterator[tuple[Table, Iterable[Values]]]:
        """Every row of every table, of a fold that has everything in memory, in no order."""
        for name, keeping in self.keeps.items():
            yield keeping.rows.table, keeping.all_rows(getattr(fold.tables, name))
