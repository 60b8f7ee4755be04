"""Deliveries: what media servers sent, how each went, and the bodies of what may be tried again.

What is held or failed is written before the server is answered, so a crash loses nothing. Of the
rest only how it went is kept, and that may wait for others to be written with.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from json import dumps, loads
from threading import Condition, Thread
from typing import Any, Literal, NamedTuple, get_args

import structlog
from pydantic import BaseModel
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.directory import Directory
from domain.instants import from_us, to_us
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.database.problems import DatabaseProblem
from infrastructure.sources.heard import Delivery
from infrastructure.sources.schema import IS_KEPT, delivery

Status = Literal["taken", "unchanged", "ignored", "held", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
RETRIED: tuple[Status, ...] = ("held", "failed")

KEPT_MAX = 10_000
"""How many bodies are kept, over all sources."""
_TOLD_MAX = 1_000
"""Of how many without a body it is told how they went, for each source."""
_HOUR_US = 3600 * 1_000_000
_KEPT_US, _PRUNED_EVERY_US = 30 * 24 * _HOUR_US, _HOUR_US
_BODY_BYTES_MAX = 2**20
_WAITING_MAX = 100
_WAIT_SECONDS = 1.0
_PAGE = 100

_column = delivery.c
_log = structlog.get_logger()


class Arrival(NamedTuple):
    """A delivery as it came in: to which source, when, what, and the digest of that."""

    source: str
    arrived_at_us: int
    delivery: Delivery
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """How a delivery went, and what was heard of it, as far as that was understood."""

    status: Status
    reason: str | None = None
    event: str | None = None
    title: str | None = None
    account: str | None = None
    account_name: str | None = None
    user: str | None = None
    positions: tuple[int, ...] = ()

    def columns(self) -> dict[str, Any]:
        names = ("status", "reason", "event", "title", "account", "account_name", "user")
        found = {name: getattr(self, name) for name in names}
        return {**found, "positions": dumps(self.positions)}


class Kept(NamedTuple):
    """A delivery that can be tried again."""

    id: int
    arrival: Arrival


class DeliveryShown(BaseModel):
    """A delivery as operators see it; `positions` are those of the events that it led to."""

    id: int
    source: str
    arrived_at: datetime
    status: Status
    reason: str | None
    event: str | None
    title: str | None
    account: str | None
    account_name: str | None
    user: str | None
    positions: tuple[int, ...]
    tries: int


class Place(NamedTuple):
    """Where a page of deliveries ended."""

    arrived_at_us: int
    id: int

    @classmethod
    def of(cls, shown: DeliveryShown) -> "Place":
        """Where a page ends that ends with this one."""
        return cls(to_us(shown.arrived_at), shown.id)


class DeliveryLog:
    """Keeps deliveries, for any number of threads. `latest` is the directory at the ledger's end.

    Rows of a user who was erased while they were on their way go as soon as they are in.
    """

    def __init__(self, engine: Engine, latest: Callable[[], Directory]) -> None:
        self._engine = engine
        self._latest = latest
        self._waiting: list[dict[str, Any]] = []
        self._changed = Condition()
        self._thread: Thread | None = None
        self._is_closed = False
        self._pruned_at_us = 0

    def add(self, arrival: Arrival, result: Result) -> None:
        """Notes how a delivery went; what may be tried again is in the database by then.

        Raises DatabaseProblem, by when it isn't.
        """
        row = _row(arrival, result)
        if row["body"] is not None:
            self._keep(row)
            return
        with self._changed:
            self._waiting.append(row)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="deliveries", daemon=True)
                self._thread.start()
            if len(self._waiting) >= _WAITING_MAX:
                self._changed.notify()

    def _keep(self, row: dict[str, Any]) -> None:
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        again = {name: row[name] for name in row if name not in _FIRST}
        statement = insert(delivery).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=[_column.source, _column.body_sha256],
            index_where=IS_KEPT,
            set_={**again, "tries": _column.tries + 1},
        )
        with write_transaction(self._engine) as connection:
            connection.execute(statement)
            self._prune_old(connection, row["arrived_at_us"])
            _prune(connection, _column.body.is_not(None), KEPT_MAX)
        self._forget_erased([row])

    def retried(self, kept: Kept, result: Result) -> None:
        """Notes how it went this time; its body goes once it is settled."""
        row = _row(kept.arrival, result)
        columns = {name: row[name] for name in row if name not in _FIRST}
        statement = update(delivery).where(_column.id == kept.id)
        with write_transaction(self._engine) as connection:
            connection.execute(statement.values({**columns, "tries": _column.tries + 1}))
        self._forget_erased([row])

    def flush(self) -> None:
        """Writes what waits. Raises DatabaseProblem, by when it waits on."""
        with self._changed:
            rows, self._waiting = self._waiting, []
        if not rows:
            return
        try:
            with write_transaction(self._engine) as connection:
                connection.execute(delivery.insert(), rows)
                self._prune_old(connection, rows[-1]["arrived_at_us"])
                for source in {row["source"] for row in rows}:
                    is_told = and_(_column.source == source, _column.body.is_(None))
                    _prune(connection, is_told, _TOLD_MAX)
        except DatabaseProblem:
            with self._changed:
                self._waiting = [*rows, *self._waiting][-_TOLD_MAX:]
            raise
        self._forget_erased(rows)

    def close(self) -> None:
        """Writes what waits, then ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_closed or len(self._waiting) >= _WAITING_MAX, _WAIT_SECONDS
                )
            try:
                self.flush()
            except DatabaseProblem as problem:
                _log.warning("deliveries couldn't be noted yet", problem=str(problem))

    def _prune_old(self, connection: Connection, now_us: int) -> None:
        """Lets go of what is too old, now and then."""
        if now_us - self._pruned_at_us > _PRUNED_EVERY_US:
            self._pruned_at_us = now_us
            is_old = _column.arrived_at_us < now_us - _KEPT_US
            connection.execute(delete(delivery).where(is_old))

    def _forget_erased(self, rows: Sequence[dict[str, Any]]) -> None:
        users = {row["user"] for row in rows} - {None}
        directory = self._latest() if users else None
        gone = [user for user in users if directory and not directory.knows_user(user)]
        if gone:
            with write_transaction(self._engine) as connection:
                connection.execute(delete(delivery).where(_column.user.in_(gone)))

    def page(
        self, source: str, status: Status | None, limit: int, after: Place | None = None
    ) -> list[DeliveryShown]:
        """What came to a source, newest first."""
        self.flush()
        query = select(*(_column[name] for name in _SHOWN)).where(_column.source == source)
        if status is not None:
            query = query.where(_column.status == status)
        if after is not None:
            query = query.where(tuple_(_column.arrived_at_us, _column.id) < tuple_(*after))
        order = (_column.arrived_at_us.desc(), _column.id.desc())
        with read_transaction(self._engine) as connection:
            return list(map(_shown, connection.execute(query.order_by(*order).limit(limit))))

    def newest(self, source: str) -> DeliveryShown | None:
        """What came to a source last."""
        return next(iter(self.page(source, None, 1)), None)

    def counts(self) -> dict[tuple[str, Status], int]:
        """How many wait to be tried again, by source and status."""
        query = select(_column.source, _column.status, func.count()).where(
            _column.status.in_(RETRIED)
        )
        with read_transaction(self._engine) as connection:
            found = connection.execute(query.group_by(_column.source, _column.status)).all()
        return {(source, status): count for source, status, count in found}

    def kept(
        self, source: str, statuses: Collection[Status], ids: Collection[int] | None = None
    ) -> Iterator[Kept]:
        """What can be tried again, in the order of arrival, those of some numbers only if given."""
        query = select(
            _column.id,
            _column.arrived_at_us,
            _column.content_type,
            _column.body,
            _column.body_sha256,
        ).where(_column.source == source, _column.status.in_(statuses), _column.body.is_not(None))
        if ids is not None:
            query = query.where(_column.id.in_(ids))
        last = 0
        while True:
            page = query.where(_column.id > last).order_by(_column.id).limit(_PAGE)
            with read_transaction(self._engine) as connection:
                rows = connection.execute(page).all()
            for last, arrived_at_us, content_type, body, sha256 in rows:
                found = Delivery(content_type or "", bytes(body))
                yield Kept(last, Arrival(source, arrived_at_us, found, sha256))
            if len(rows) < _PAGE:
                return


_FIRST = ("source", "arrived_at_us", "body_sha256", "tries")
"""What stays as it was the first time."""
_SHOWN = (
    "id",
    "source",
    "arrived_at_us",
    "status",
    "reason",
    "event",
    "title",
    "account",
    "account_name",
    "user",
    "positions",
    "tries",
)


def _row(arrival: Arrival, result: Result) -> dict[str, Any]:
    body = arrival.delivery.body
    is_kept = result.status in RETRIED and len(body) <= _BODY_BYTES_MAX
    if result.status in RETRIED and not is_kept:
        result = replace(result, reason=f"{result.reason} It is too long to be kept.")
    return {
        "source": arrival.source,
        "arrived_at_us": arrival.arrived_at_us,
        "body_sha256": arrival.sha256,
        "tries": 1,
        **result.columns(),
        "content_type": arrival.delivery.content_type if is_kept else None,
        "body": body if is_kept else None,
    }


def _shown(row: Any) -> DeliveryShown:
    found = dict(zip(_SHOWN, row, strict=True))
    return DeliveryShown(
        arrived_at=from_us(found.pop("arrived_at_us")),
        positions=tuple(loads(found.pop("positions"))),
        **found,
    )


def _prune(connection: Connection, among: ColumnElement[bool], most: int) -> None:
    """Lets go of the oldest that are more than are kept."""
    last = select(_column.id).where(among).order_by(_column.id.desc()).offset(most).limit(1)
    if (oldest := connection.execute(last).scalar()) is not None:
        connection.execute(delete(delivery).where(among, _column.id <= oldest))


def forget_deliveries(connection: Connection, user: str, before: Directory) -> None:
    """Deletes what came of a user, by whatever account they had, who is being erased."""
    theirs: list[ColumnElement[bool]] = [_column.user == user]
    for source in before.sources.values():
        accounts = [key for key, each in source.accounts.items() if each.user == user]
        if accounts:
            is_account = or_(_column.account.in_(accounts), _column.account_name.in_(accounts))
            theirs.append(and_(_column.source == source.name, is_account))
    connection.execute(delete(delivery).where(or_(*theirs)))
