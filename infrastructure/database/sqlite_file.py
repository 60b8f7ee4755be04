"""The file of an embedded database under watch: is what a connection has opened still at its path?

Deleted or replaced, a file lives on for whoever has it open, and what is written to it is lost when
they end. So is what stands in a write-ahead log whose file is gone: nobody else ever finds it.
"""

import os
from pathlib import Path
from time import monotonic
from typing import NoReturn

import structlog

from infrastructure.database.problems import DatabaseMissing, DatabaseReplaced

_LOOK_EVERY_SECONDS = 1.0
_SUFFIXES = ("", "-wal", "-shm")

_log = structlog.get_logger()

_LOST = (-1, -1)

Identities = tuple[tuple[int, int] | None, ...]
"""Device and inode of the file, of its log and of the log's index; None for what isn't there."""


class SqliteFile:
    """Holds what connections opened against what is at the path, by one look a second for all."""

    def __init__(self, path: Path) -> None:
        self._paths = [f"{path.absolute()}{suffix}" for suffix in _SUFFIXES]
        self._first: tuple[int, int] | None = None
        self._open: dict[int, Identities] = {}
        self._seen: Identities = ()
        self._look_at = 0.0
        self._is_told = False

    def check_all(self) -> None:
        """As `check`, for a connection that is about to be made: it would hide what has happened.

        None is made to another file than the first one's, nor beside one that has lost its log.
        """
        self._look_at = 0.0
        for opened in (self._first, None, None), *list(self._open.values()):
            self.check(opened)

    def opened(self, connection: object) -> Identities:
        """What a connection has opened, once it has read. Raises as `check`."""
        found = self._look()
        self._first = self._first or found[0]
        self.check((self._first, *found[1:]))
        self._open[id(connection)] = found
        return found

    def closed(self, connection: object) -> None:
        """Its log may go with it: whoever closes a database last clears that away."""
        self._open.pop(id(connection), None)

    def check(self, opened: Identities) -> None:
        """Raises DatabaseMissing or DatabaseReplaced, a second after it happened at the latest."""
        if monotonic() < self._look_at and not _has_changed(opened, self._seen):
            return
        if not _has_changed(opened, self._look()):
            self._is_told = False
            return
        if not self._is_told:
            _log.error("the database's file was deleted or replaced", path=self._paths[0])
            self._is_told = True
        if opened[0] == self._seen[0]:
            # What is in the lost log isn't in the file: whoever opened that anew would miss it.
            self._first = _LOST
        self._tell()

    def _look(self) -> Identities:
        self._seen = tuple(map(_identity, self._paths))
        self._look_at = monotonic() + _LOOK_EVERY_SECONDS
        return self._seen

    def _tell(self) -> NoReturn:
        path = self._paths[0]
        if self._seen[0] is None:
            raise DatabaseMissing(
                f"{path} is gone: it was deleted or moved while it was open, so nothing is written "
                "to it any more. Put it back, or stop the service and restore a backup."
            )
        raise DatabaseReplaced(
            f"{path}, or the -wal or -shm beside it, isn't the file that was opened: it was "
            "replaced or deleted meanwhile, so nothing is written to it any more. Stop the "
            "service, restore a backup unless one was just put there, and run `watchledger verify`."
        )


def _has_changed(opened: Identities, seen: Identities) -> bool:
    # A log is made by the first who writes: what wasn't there yet may be now.
    return opened != seen and any(
        was not in (None, now) for was, now in zip(opened, seen, strict=True)
    )


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # every second, and a Path takes ten times as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
