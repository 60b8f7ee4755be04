"""Looks a deployment over and says in plain words what is well and what isn't, and what to do."""

import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import Connection, Engine, func, make_url, select

from infrastructure.commands.tokens import token_path
from infrastructure.database.engine import (
    make_engine,
    read_transaction,
    shown_url,
    sqlite_path,
)
from infrastructure.database.migrations import check_schema
from infrastructure.database.problems import DatabaseProblem
from infrastructure.ledger.mapper import UnreadableEvent
from infrastructure.ledger.reader import head, read, read_settings
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.soundness import head_row_faults
from infrastructure.operations.check import Check
from infrastructure.operations.device_clocks import device_clocks
from infrastructure.operations.status import Standing, check_read_models, standing
from infrastructure.operations.verifying.files import file_faults, has_amcheck
from infrastructure.operations.verifying.values import spelling_faults, value_faults
from infrastructure.operations.verifying.whole import table_faults
from infrastructure.projecting.rebuilding.lock import is_locked
from infrastructure.projecting.rebuilding.shadow_tables import leftovers
from infrastructure.settings.data_dir import lacking
from infrastructure.settings.database import check_embedded
from infrastructure.settings.settings import Settings
from projections.bookmark import BookmarkWrong, RebuildDue, check_policy, read_bookmark
from projections.driver import driver_of

_MEGABYTE = 1_000_000
_FREE_LOW_BYTES = 1_000 * _MEGABYTE
_FREE_LEAST_BYTES = 100 * _MEGABYTE
_LAG_LONG_SECONDS = 60.0
_CLOCKS_APART_SECONDS = 5.0
_LOOKED_AT = 2_000
_TOLD_MAX = 20

_END = select(func.max(ledger_event.c.position))
_AMCHECK = {
    True: "amcheck is there: `watchledger verify` looks into indexes by it.",
    False: "amcheck isn't there; after CREATE EXTENSION amcheck; `watchledger verify` looks into "
    "indexes by it.",
}


def examine(settings: Settings, now_us: Callable[[], int]) -> Iterator[Check]:
    """Everything there is to say, one thing after the other. Changes nothing."""
    yield from _exposure(settings)
    yield from _data_dir(settings)
    yield _token_file(settings)
    yield _disk(_database_directory(settings))
    engine = make_engine(
        settings.url,
        synchronous=settings.sqlite_synchronous,
        wait_seconds=5,
        answer_seconds=settings.database_seconds_max,
    )
    try:
        yield from _database(settings, engine, now_us)
    finally:
        engine.dispose()


def _exposure(settings: Settings) -> Iterator[Check]:
    yield Check(
        "settings", "ok", "All are known and make sense; `watchledger settings` lists them."
    )
    if not _is_loopback(settings.host):
        detail = (
            f"The service listens at {settings.host}, beyond this machine, and speaks plain HTTP: "
            "tokens can be read on the way. Put a proxy with TLS before it."
        )
        yield Check("address", "warning", detail)
    if settings.cors_origins == "*":
        detail = "Any web page may call the API, if it has a token. Name the origins instead."
        yield Check("cors", "warning", detail)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _data_dir(settings: Settings) -> Iterator[Check]:
    path = settings.data_dir
    if found := lacking(path, os.R_OK, os.W_OK, os.X_OK):
        yield Check("data directory", "problem", f"{found}. Grant it.")


def _token_file(settings: Settings) -> Check:
    name, path = "admin token", token_path(settings)
    if settings.admin_token is not None:
        return Check(name, "ok", "It comes from the settings.")
    if found := lacking(path, os.R_OK):
        return Check(name, "problem", f"It can't be read: {found}.")
    if not path.exists():
        return Check(name, "ok", f"There is none yet; `watchledger serve` makes it in {path}.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        detail = f"Others can read {path} (mode {mode:04o}). Run: chmod 600 {path}"
        return Check(name, "problem", detail)
    return Check(name, "ok", f"It is kept in {path}, for its owner only.")


def _database_directory(settings: Settings) -> Path:
    """Where the embedded database grows; with PostgreSQL, where the token is kept."""
    directory = settings.data_dir
    if settings.url.startswith("sqlite"):
        directory = (sqlite_path(make_url(settings.url)) or directory).absolute().parent
    while lacking(directory) or not directory.exists():
        directory = directory.parent
    return directory


def _disk(directory: Path) -> Check:
    free_bytes = disk_usage(directory).free
    said = f"{free_bytes / _MEGABYTE:,.0f} MB are free at {directory}"
    if free_bytes < _FREE_LEAST_BYTES:
        detail = f"{said}. Nothing can be recorded once it is full: free some."
        return Check("disk", "problem", detail)
    if free_bytes < _FREE_LOW_BYTES:
        return Check("disk", "warning", f"{said}. Soon that will be little.")
    return Check("disk", "ok", f"{said}.")


def _database(settings: Settings, engine: Engine, now_us: Callable[[], int]) -> Iterator[Check]:
    shown = shown_url(settings.url)
    try:
        if (path := sqlite_path(engine.url)) is not None:
            check_embedded(path)
        check_schema(engine)
        yield Check("database", "ok", f"{shown} answers, and its schema is up to date.")
        if (yield from _damage(engine)):
            return
        found = standing(engine, now_us())
        with read_transaction(engine) as connection:
            yield _durability(settings, connection)
            yield _clock(connection, found, now_us)
            yield _thresholds(settings, connection)
            yield from _newest_events(connection, found)
            yield from _interrupted_rebuild(connection, engine)
        yield _lag(found)
        check_read_models(engine)
    except DatabaseProblem as problem:
        yield Check("database", "problem", f"{shown}: {problem}")
    except BookmarkWrong as wrong:
        yield Check("bookmark", "problem", str(wrong))


def _damage(engine: Engine) -> Generator[Check, None, bool]:
    """What somebody or a bad disk has changed; whether it's of no use to look at anything else."""
    with read_transaction(engine) as connection:
        yield from _all_of(
            "tables", table_faults(connection), "Columns, keys and indexes are as they should be."
        )
        sound = "SQLite finds nothing wrong with the file's pages."
        if connection.dialect.name == "postgresql":
            sound = _AMCHECK[has_amcheck(connection)]
        yield from _all_of("files", file_faults(connection, quickly=True), sound)
        after = max(0, (connection.scalar(_END) or 0) - _LOOKED_AT)
        misspelt = islice(spelling_faults(connection, after), _TOLD_MAX)
        yield from (Check("submissions", "problem", fault) for fault in misspelt)
        faults = [
            *head_row_faults(driver_of(connection)),
            *islice(value_faults(connection, after), _TOLD_MAX),
        ]
        yield from (Check("events", "problem", fault) for fault in faults)
        return bool(faults)


def _all_of(name: str, faults: Iterable[str], sound: str) -> Iterator[Check]:
    found = [Check(name, "problem", fault) for fault in faults]
    yield from found or [Check(name, "ok", sound)]


def _durability(settings: Settings, connection: Connection) -> Check:
    name = "durability"
    if connection.dialect.name == "sqlite":
        is_safe = settings.sqlite_synchronous in {"FULL", "EXTRA"}
        said = f"SQLite's synchronous is {settings.sqlite_synchronous}"
        advice = "Set WATCHLEDGER_SQLITE_SYNCHRONOUS to FULL."
    else:
        shown = {
            each: str(connection.exec_driver_sql(f"SHOW {each}").scalar_one())
            for each in ("fsync", "full_page_writes", "synchronous_commit")
        }
        is_safe = "off" not in shown.values()
        said = ", ".join(f"{each} is {value}" for each, value in shown.items())
        advice = "Switch it on in postgresql.conf."
    if is_safe:
        return Check(name, "ok", f"{said}: what was answered survives a loss of power.")
    return Check(name, "warning", f"{said}: a loss of power may take the last events. {advice}")


def _clock(connection: Connection, found: Standing, now_us: Callable[[], int]) -> Check:
    ahead_seconds = (found.recorded_at_us - now_us()) / 1_000_000
    if ahead_seconds > _CLOCKS_APART_SECONDS:
        detail = (
            f"The last event was recorded {ahead_seconds:,.0f} s in the future of this machine's "
            "clock: it is slow, or another was fast. Until it has caught up, new events are dated "
            "then. Set the clock, and keep it by NTP."
        )
        return Check("clock", "problem", detail)
    apart_seconds = 0.0
    if connection.dialect.name == "postgresql":
        asked = "SELECT extract(epoch FROM clock_timestamp())"
        database_seconds = float(connection.exec_driver_sql(asked).scalar_one())
        apart_seconds = abs(now_us() / 1_000_000 - database_seconds)
    if apart_seconds > _CLOCKS_APART_SECONDS:
        detail = f"This machine's clock and the database's are {apart_seconds:,.0f} s apart."
        return Check("clock", "warning", detail)
    return Check("clock", "ok", "The last event lies in the past of this machine's clock.")


def _thresholds(settings: Settings, connection: Connection) -> Check:
    place, wanted = read_bookmark(connection), settings.policy
    try:
        if place is not None:
            check_policy(place, wanted)
    except RebuildDue as due:
        return Check("thresholds", "problem", f"Nothing is projected: {due}")
    return Check("thresholds", "ok", f"{wanted}, as projected.")


def _newest_events(connection: Connection, found: Standing) -> Iterator[Check]:
    end = head(connection).position
    try:
        read_settings(connection, 0, end)
        read(connection, found.projected_position, _LOOKED_AT)
        newest = read(connection, max(0, end - _LOOKED_AT), _LOOKED_AT)
    except UnreadableEvent as unreadable:
        detail = f"{unreadable} Restore a backup, or install the version that wrote it."
        yield Check("events", "problem", detail)
        return
    yield Check(
        "events", "ok", f"The newest of {end:,} can be read; `watchledger verify` reads them all."
    )
    yield device_clocks(newest)


def _interrupted_rebuild(connection: Connection, engine: Engine) -> Iterator[Check]:
    left = leftovers(connection)
    if left and not is_locked(engine):
        detail = f"One was interrupted and left {len(left)} tables; the next clears them away."
        yield Check("rebuild", "warning", detail)


def _lag(found: Standing) -> Check:
    said = f"The read models are {found.lag_events:,} events behind"
    if found.lag_seconds > _LAG_LONG_SECONDS:
        detail = (
            f"{said}, the oldest for {found.lag_seconds:,.0f} s. Start `watchledger serve` or "
            "`watchledger project`; if one runs, its log says what holds it up."
        )
        return Check("projection", "problem", detail)
    return Check("projection", "ok", f"{said}.")
