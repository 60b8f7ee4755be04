"""Whether the ledger's columns hold what they should: SQLite keeps whatever it is given."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Integer, LargeBinary, Uuid

from infrastructure.ledger.schema import ledger_event
from projections.driver import driver_of

_DIGITS = "lower(replace(submission_id, '-', ''))"
_IS_ID = (
    f"typeof(submission_id) = 'text' AND length({_DIGITS}) = 32"
    f" AND NOT {_DIGITS} GLOB '*[^0-9a-f]*'"
)


def value_faults(connection: Connection, after: int = 0) -> Iterator[str]:
    """Every event behind a position that has a value of a wrong type: it can't be replayed."""
    if connection.dialect.name != "sqlite":
        return  # where a column takes no other
    columns = [column for column in ledger_event.columns if not column.primary_key]
    conditions = [_is_right(column) for column in columns]
    names = [column.name for column in columns]
    found = driver_of(connection).execute(
        f"SELECT position, {', '.join(f'({each})' for each in conditions)}"  # noqa: S608  # our own names
        f" FROM ledger_event WHERE position > ? AND NOT ({' AND '.join(conditions)})",
        (after,),
    )
    for position, *are_right in found:
        wrong = [name for name, is_right in zip(names, are_right, strict=True) if not is_right]
        yield (
            f"Event {position}: {', '.join(wrong)} can't be what was recorded, since it isn't of "
            "its column's type. Restore a backup."
        )


def _is_right(column: Column[Any]) -> str:
    name = f'"{column.name}"'
    if isinstance(column.type, Uuid):
        condition = _IS_ID
    else:
        condition = f"typeof({name}) = '{_class_of(column)}'"
    return f"({name} IS NULL OR {condition})" if column.nullable else condition


def _class_of(column: Column[Any]) -> str:
    if isinstance(column.type, Integer):
        return "integer"
    return "blob" if isinstance(column.type, LargeBinary) else "text"


def spelling_faults(connection: Connection, after: int = 0) -> Iterator[str]:
    """Every submission id behind a position in a spelling by which nobody finds it again."""
    if connection.dialect.name != "sqlite":
        return  # which keeps numbers
    found = driver_of(connection).execute(
        f"SELECT position, submission_id, {_DIGITS} FROM ledger_event"  # noqa: S608  # our own names
        " WHERE position > ? AND submission_id GLOB '*[^0-9a-f]*'",
        (after,),
    )
    for position, there, right in found:
        mend = f"UPDATE ledger_event SET submission_id = '{right}' WHERE position = {position};"  # noqa: S608  # to be read
        yield (
            f"Event {position}: its submission id is spelt {there}, so the same one sent again is "
            f"recorded twice. Stop the service and spell it right: {mend}"
        )
