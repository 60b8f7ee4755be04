"""What a database holds as a whole: every row of every read model, and every fault of it."""

from sqlalchemy import Engine, inspect, select

from infrastructure.database.engine import read_transaction
from infrastructure.operations.verifying.ledger import ledger_faults
from infrastructure.operations.verifying.read_models import read_model_faults
from projections.bookmark import Bookmark, read_bookmark
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
    """All that `verify` says: read models are compared only where the ledger is whole."""
    with read_transaction(engine) as connection:
        read_bookmark(connection)  # first of all: no rebuild swaps tables from then on
        return list(ledger_faults(connection)) or list(read_model_faults(connection))


def leftovers(engine: Engine) -> list[str]:
    """The tables of rebuilds that didn't come to their end."""
    return [name for name in inspect(engine).get_table_names() if "__g" in name]
