"""What a database holds as a whole: every row of every read model, and every fault of it."""

from contextlib import suppress

from sqlalchemy import Engine, inspect, select

from infrastructure.database.engine import read_transaction
from infrastructure.operations.verifying.whole import all_faults
from projections.bookmark import Bookmark, BookmarkWrong, read_bookmark
from projections.read_models import METADATA
from tests.helpers.tables import Dump, in_order


def everything(engine: Engine) -> Dump:
    """All rows of all read models."""
    tables = [each for each in METADATA.sorted_tables if each.name != Bookmark.__tablename__]
    with read_transaction(engine) as connection:
        return {
            table.name: in_order(tuple(row) for row in connection.execute(select(table)))
            for table in tables
        }


def faults(engine: Engine) -> list[str]:
    """All that `verify` says."""
    with read_transaction(engine) as connection:
        with suppress(BookmarkWrong):  # which is told with the rest
            read_bookmark(connection)  # first of all: no rebuild swaps tables from then on
        return list(all_faults(connection))


def leftovers(engine: Engine) -> list[str]:
    """The tables of rebuilds that didn't come to their end."""
    return [name for name in inspect(engine).get_table_names() if "__g" in name]
