"""Forgetting a user: every row of the read models that is of them, whichever model it is in.

A row is somebody's by one of the columns `cduid`, `watch_group` and `user`. Devices are told by
whoever else is on them, if anybody is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete

from domain.directory import Directory
from projections.device_users import ClientDevice, device_row
from projections.projection import live_table
from projections.read_models import PROJECTIONS

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Whom to forget; `seen_us` are their devices that somebody else is on, and when last."""

    user: str
    cduids: tuple[str, ...]
    devices: tuple[str, ...]
    seen_us: Mapping[str, int]

    @property
    def by_column(self) -> dict[str, tuple[str, ...]]:
        """What tells that a row is theirs."""
        groups = (f"user:{self.user}", *(f"cduid:{cduid}" for cduid in self.cduids))
        return {"cduid": self.cduids, "watch_group": groups, "user": (self.user,)}


def forget(connection: Connection, gone: Forgotten, left: Directory) -> None:
    """Delete all rows of a user; `left` is the directory without them. Commits nothing."""
    for projection in PROJECTIONS:
        for model in projection.models:
            table = live_table(model)
            for name, values in gone.by_column.items():
                if name in table.c:
                    for at in range(0, len(values), _AT_ONCE):
                        some = values[at : at + _AT_ONCE]
                        connection.execute(delete(table).where(table.c[name].in_(some)))
    _forget_devices(connection, gone, left)


def _forget_devices(connection: Connection, gone: Forgotten, left: Directory) -> None:
    table = live_table(ClientDevice)
    for device in gone.devices:
        connection.execute(delete(table).where(table.c.device == device))
        if device in left.devices:
            row = device_row(left, device, gone.seen_us[device])
            values = dict(zip(table.c.keys(), row, strict=True))
            connection.execute(table.insert().values(values))
