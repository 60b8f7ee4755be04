"""User ranges: folding the users of a range from the first event on, into the shadow tables.

Users are independent of each other, so several processes can each fold theirs. Each reads what is
theirs and what concerns everybody.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.events import device_user_stream
from domain.fold import Fold
from domain.policy import Policy
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import REPLAY_PAGE, UserSpan, read_user_span
from infrastructure.ledger.reports import LedgerReports
from infrastructure.ledger.statements import statements_of
from infrastructure.projecting.rebuilding.shadow_tables import ShadowTables, load
from projections.driver import driver_of
from projections.keeping import Source
from projections.read_models import ReadModels

_AFTER_ALL = "\U0010ffff"
"""No name of a user goes so far."""


@dataclass(frozen=True, slots=True)
class UserRange:
    """Which users, and up to which position."""

    span: UserSpan
    upto: int


def user_ranges(
    connection: Connection, directory: Directory, count: int, upto: int
) -> list[UserRange]:
    """All users in `count` ranges with about as many events each; in fewer where users are few."""
    cuts = _cuts(_events_by_user(connection, directory), count) if count > 1 else []
    return [
        UserRange(_span(directory, first, end), upto)
        for first, end in pairwise(["", *cuts, _AFTER_ALL])
    ]


def _span(directory: Directory, first: str, end: str) -> UserSpan:
    """Whose a device user is now counts, and not whose it was when something was recorded."""
    users = {each: directory.device_users[each].user for each in sorted(directory.reassigned)}
    return UserSpan(
        first,
        end,
        tuple(map(device_user_stream, users)),
        tuple(device_user_stream(each) for each, user in users.items() if first <= user < end),
    )


def _events_by_user(connection: Connection, directory: Directory) -> dict[str, int]:
    users = {device_user_stream(each.cduid): each.user for each in directory.device_users.values()}
    _, found = statements_of(connection.dialect.name).look(driver_of(connection), users, ())
    events = Counter[str]()
    for stream, last in found.streams.items():
        events[users[stream]] += last.version
    return events


def _cuts(events: Mapping[str, int], count: int) -> list[str]:
    """The users that all ranges but the first begin with."""
    users = sorted(events)
    before = list(accumulate((events[user] for user in users), initial=0))
    places = {bisect_left(before, before[-1] * number / count) for number in range(1, count)}
    return [users[place] for place in sorted(places) if 0 < place < len(users)]


def fold_range(
    engine: Engine, policy: Policy, user_range: UserRange, on_events: Callable[[int], None]
) -> Fold:
    """The fold of a range, everything in memory. `on_events` hears how many each page had.

    Raises UnreadableEvent.
    """
    source = Source(engine.connect)
    fold = Fold(Directory(), policy, LedgerReports(source.connection), derives_late=True)
    position = 0
    while position < user_range.upto:
        upto = min(position + REPLAY_PAGE, user_range.upto)  # positions have no gap
        with read_transaction(engine) as connection:
            source.connect = partial(_same, connection)
            fold.take(read_user_span(connection, position, upto, user_range.span))
        on_events(upto - position)
        position = upto
    with read_transaction(engine) as connection:
        source.connect = partial(_same, connection)
        fold.settle()
    return fold


def _same(connection: Connection) -> Connection:
    return connection


def load_range(engine: Engine, shadow: ShadowTables, fold: Fold) -> None:
    """Fill the new tables of what is kept by user."""
    for projection in ReadModels(shadow.table_of).projections:
        if projection.is_by_user:
            for table, rows in projection.contents(fold):
                load(engine, table, rows)


def load_common(engine: Engine, shadow: ShadowTables, fold: Fold) -> None:
    """Fill the other new tables, from a fold that has seen what concerns everybody."""
    for projection in ReadModels(shadow.table_of).projections:
        if not projection.is_by_user:
            for table, rows in projection.contents(fold):
                load(engine, table, rows)
