"""The spool: events on disk, in order and each under its id, until the ledger has answered them.

A file of SQLite, held by one follower at a time. What can't be resolved is put aside and tried
again each hour for a week, since a library may be read only after its newest film was watched.
"""

import json
import sqlite3
import stat
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from time import time
from typing import Any, NamedTuple

from infrastructure.following.clock import ClockSetting, clock_setting

BATCH_MAX = 200
AGAIN_SECONDS = 3_600.0
ASIDE_SECONDS_MAX = 7 * 86_400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    clock_boot TEXT,
    clock_ahead_seconds REAL NOT NULL,
    aside_since REAL,
    aside_at REAL
)
"""


class SpoolProblem(Exception):
    """What was said can't be kept; the message says where, why, and what to do."""


class Kept(NamedTuple):
    """An event as it is sent, the name of the file that it is about, and by which clock it is."""

    id: str
    name: str
    body: dict[str, Any]
    clock: ClockSetting


class Spool:
    """Raises SpoolProblem, from any of its methods."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._problem(error) from error
        try:
            # Held until it is closed, or its process ends in whatever way.
            self._run("PRAGMA locking_mode = EXCLUSIVE")
            self._run("BEGIN EXCLUSIVE")
            self._run(_SCHEMA)
            self._run("COMMIT")
        except SpoolProblem:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def keep(self, name: str, event: dict[str, Any]) -> None:
        """On return it is on disk."""
        self._run(
            "INSERT INTO event (id, name, body, clock_boot, clock_ahead_seconds)"
            " VALUES (?, ?, ?, ?, ?)",
            (event["id"], name, json.dumps(event), *clock_setting()),
        )

    def batch(self) -> list[Kept]:
        """The oldest that are to be sent, as many as are by one clock; what was put aside last."""
        rows = self._run(
            "SELECT id, name, body, clock_boot, clock_ahead_seconds FROM event"
            " WHERE aside_at IS NULL OR aside_at <= ?"
            " ORDER BY aside_at IS NOT NULL, number LIMIT ?",
            (time() - AGAIN_SECONDS, BATCH_MAX),
        )
        kept = [
            Kept(id_, name, json.loads(body), ClockSetting(*clock))
            for id_, name, body, *clock in rows
        ]
        return [*takewhile(lambda each: each.clock.is_like(kept[0].clock), kept)]

    def drop(self, ids: Iterable[str]) -> None:
        """They were answered."""
        self._each("DELETE FROM event WHERE id = ?", [(each,) for each in ids])

    def put_aside(self, ids: Iterable[str]) -> None:
        """They can't be resolved yet; those that couldn't for long are dropped."""
        now = time()
        self._each(
            "UPDATE event SET aside_at = ?, aside_since = coalesce(aside_since, ?) WHERE id = ?",
            [(now, now, each) for each in ids],
        )
        self._run("DELETE FROM event WHERE aside_since < ?", (now - ASIDE_SECONDS_MAX,))

    def __len__(self) -> int:
        count: int = self._run("SELECT count(*) FROM event")[0][0]
        return count

    def _each(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        self._run("BEGIN")
        for row in rows:
            self._run(statement, row)
        self._run("COMMIT")

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> SpoolProblem:
        if "locked" in str(error):
            return SpoolProblem(
                f"Another follower keeps what it hears in {self._path}; name another file with "
                "--spool."
            )
        return SpoolProblem(
            f"What is heard can't be kept in {self._path}: {error}. Mend that, or name another "
            "file with --spool."
        )
