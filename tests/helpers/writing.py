"""Listening to what is written to the read models."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from projections import bulk


@contextmanager
def writes_heard(hear: Callable[[str, int], None]) -> Iterator[None]:
    """Calls `hear` before each statement that writes to a read model, the bookmark left out.

    With the table's name, and how many rows are put there or deleted by key.
    """

    def heard(method: Callable[..., None]) -> Callable[..., None]:
        def told(
            statements: Any, connection: Connection, rows: Sequence[Any], *options: Any
        ) -> None:
            hear(statements.table.name, len(rows))
            method(statements, connection, rows, *options)

        return told

    with pytest.MonkeyPatch.context() as patch:
        for of_dialect in (bulk._Sqlite, bulk._Postgresql):
            for name in ("insert", "delete"):
                patch.setattr(of_dialect, name, heard(getattr(of_dialect, name)))
        yield
