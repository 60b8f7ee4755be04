"""What the tables should hold: the public ones by the reference model, all of them by the fold."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from domain.directory import Directory
from domain.events import IsolationMode, Recorded
from domain.fold import Fold
from domain.instants import from_us
from domain.items import kind_of
from domain.policy import Policy
from projections.catalog import Item
from projections.device_users import ClientDevice, ClientDeviceUser
from projections.plays import WatchCount
from projections.progress import ProgressRow
from projections.projection import live_table
from projections.read_models import ReadModels
from projections.schema import Base
from projections.watched import Watched
from tests.helpers.reports import LogReports
from tests.reference.model import Reference
from tests.reference.rows import check_rows, rolled_up
from tests.reference.universe import DEVICES

Row = tuple[Any, ...]


def rows(connection: Connection, model: type[Base]) -> list[Row]:
    """A table's rows, as SQL gives them, in no order."""
    return [tuple(row) for row in connection.execute(select(live_table(model)))]


def in_order(found: Iterable[Row]) -> list[Row]:
    return sorted(found, key=repr)


def check_tables(connection: Connection, reference: Reference) -> None:
    """The public tables, in SQL, as ARCHITECTURE.md describes them. Raises AssertionError."""
    for model, expected in (
        (Watched, _watched(reference)),
        (WatchCount, _watch_counts(reference)),
        (Item, _items(reference)),
        (ClientDevice, _devices(reference)),
        (ClientDeviceUser, _device_users(reference)),
    ):
        assert in_order(rows(connection, model)) == in_order(expected), model.__tablename__
    started = [row[:6] for row in rows(connection, ProgressRow)]
    assert in_order(started) == in_order(_progress(reference))
    _check_watched(rows(connection, Watched), reference)


def _check_watched(found: list[Row], reference: Reference) -> None:
    """Rules 16 and 17, stated apart from the function that says which rows there are."""
    for cduid in reference.users:
        group_id = watch_group(reference, cduid)
        own = [(item, version) for group, item, version in found if group == group_id]
        check_rows(reference, reference.group(cduid), own)


def watch_group(reference: Reference, cduid: str) -> str:
    if reference.mode(cduid) is IsolationMode.LOUD:
        return f"user:{reference.users[cduid]}"
    return f"cduid:{cduid}"


def _watched(reference: Reference) -> list[Row]:
    groups = {watch_group(reference, cduid): reference.group(cduid) for cduid in reference.users}
    return [
        (group, *row) for group, cduids in groups.items() for row in rolled_up(reference, cduids)
    ]


def _watch_counts(reference: Reference) -> list[Row]:
    return [(c, *count) for c in reference.users for count in reference.watch_counts(c).items()]


def _progress(reference: Reference) -> list[Row]:
    return [
        (cduid, item, played, duration, share, from_us(at_us))
        for cduid in reference.users
        for item, (played, duration, share, at_us) in reference.progress_rows(cduid).items()
    ]


def _items(reference: Reference) -> list[Row]:
    return [
        (
            item,
            kind_of(item).value,
            standing.parent,
            standing.details.index,
            standing.details.title,
            list(standing.details.tags),
            dict(standing.details.external_ids),
            standing.details.runtime_seconds,
            standing.details.tracks_progress,
            standing.details.year,
            standing.details.released_at,
            standing.hidden,
            standing.since,
        )
        for item, standing in reference.catalog.items.items()
    ]


def _devices(reference: Reference) -> list[Row]:
    """No device of a random life has a name."""
    seen_us = {DEVICES[r.cduid]: r.recorded_at_us for r in reference.log if r.cduid}
    return [(device, None, None, None, from_us(at_us)) for device, at_us in seen_us.items()]


def _device_users(reference: Reference) -> list[Row]:
    return [
        (cduid, DEVICES[cduid], user, reference.mode(cduid).value, watch_group(reference, cduid))
        for cduid, user in reference.users.items()
    ]


# Every table, internal ones too: a function of the ledger alone (rule 19).

Dump = dict[str, list[Row]]


def dump(connection: Connection) -> Dump:
    """All rows of what a fold keeps, as they stand in the database."""
    kept = (keeping for each in ReadModels().projections for keeping in each.keeps.values())
    tables = [keeping.rows.table for keeping in kept]
    return {
        table.name: in_order(tuple(row) for row in connection.execute(select(table)))
        for table in tables
    }


def folded(log: list[Recorded], policy: Policy | None = None) -> Dump:
    """The same rows by a fold that begins with nothing and derives once, at the end."""
    fold = Fold(Directory(), policy or Policy(), LogReports(log), derives_late=True)
    fold.apply(log)
    return {
        keeping.rows.table.name: in_order(keeping.all_rows(getattr(fold.tables, name)))
        for projection in ReadModels().projections
        for name, keeping in projection.keeps.items()
    }


def spoken_tables(connection: Connection) -> Dump:
    """What was said, without positions."""
    found = {model.__tablename__: rows(connection, model) for model in (Watched, WatchCount)}
    found[ProgressRow.__tablename__] = [row[:6] for row in rows(connection, ProgressRow)]
    return {name: in_order(each) for name, each in found.items()}
