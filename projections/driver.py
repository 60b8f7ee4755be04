"""The driver's own connection, past SQLAlchemy: for statements that cost less than it does."""

from typing import Any

from sqlalchemy import Connection


def driver_of(connection: Connection) -> Any:
    """The driver's own connection.

    What it raises isn't SQLAlchemy's. In a pipeline it doesn't wait for answers that nobody asks
    for, as SQLAlchemy does.
    """
    return connection.connection.driver_connection
