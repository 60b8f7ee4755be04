"""The spool: events on disk, in order and each under its id, until the ledger has answered them.

A file of SQLite, held by one follower at a time. What can't be resolved is put aside and tried
again each hour for a week, since a library may be read only after its newest film was watched.
"""

import json
import sqlite3
import stat
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Any, NamedTuple

BATCH_MAX = 200
AGAIN_SECONDS = 3_600.0
ASIDE_SECONDS_MAX = 7 * 86_400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    kept_at REAL NOT NULL,
    aside_at REAL
)
"""


class SpoolProblem(Exception):
    """What was said can't be kept; the message says where, why, and what to do."""


class Kept(NamedTuple):
    """An event as it is sent, and the name of the file that it is about."""

    id: str
    name: str
    body: dict[str, Any]


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
            "INSERT INTO event (id, name, body, kept_at) VALUES (?, ?, ?, ?)",
            (event["id"], name, json.dumps(event), time()),
        )

    def batch(self) -> list[Kept]:
        """The oldest that are to be sent, what was put aside last."""
        rows = self._run(
            "SELECT id, name, body FROM event WHERE aside_at IS NULL OR aside_at <= ?"
            " ORDER BY aside_at IS NOT NULL, number LIMIT ?",
            (time() - AGAIN_SECONDS, BATCH_MAX),
        )
        return [Kept(id_, name, json.loads(body)) for id_, name, body in rows]

    def drop(self, ids: Iterable[str]) -> None:
        """They were answered."""
        self._each("DELETE FROM event WHERE id = ?", [(each,) for each in ids])

    def put_aside(self, ids: Iterable[str]) -> None:
        """They can't be resolved yet; those that never could are dropped."""
        self._each("UPDATE event SET aside_at = ? WHERE id = ?", [(time(), each) for each in ids])
        self._run(
            "DELETE FROM event WHERE aside_at IS NOT NULL AND kept_at < ?",
            (time() - ASIDE_SECONDS_MAX,),
        )

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
