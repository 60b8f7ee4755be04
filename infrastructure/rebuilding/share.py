"""Folding a share of the users from the first event on, and filling the new tables with it.

Users are independent of each other, so several processes can each fold theirs. All of them read
the whole ledger, but decode only what is theirs and what concerns everybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

from sqlalchemy import Engine

from domain.directory import Directory
from domain.fold import Fold
from domain.registers import Policy
from infrastructure.database import read_transaction
from infrastructure.ledger.reader import read_share
from infrastructure.rebuilding.beside import Beside, load
from projections.read_models import ReadModels

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Share:
    """Which users: those whose name falls to `number` of `count`, up to a position."""

    number: int
    count: int
    upto: int

    def has(self, user: str) -> bool:
        return self.count == 1 or crc32(user.encode()) % self.count == self.number


def fold_share(
    engine: Engine, policy: Policy, share: Share, on_events: Callable[[int], None]
) -> Fold:
    """The fold of a share, everything in memory. `on_events` hears how many each page had.

    Raises UnreadableEvent.
    """
    fold = Fold(Directory(), policy, derives_late=True)
    position = 0
    while position < share.upto:
        limit = min(_PAGE, share.upto - position)
        before = position
        with read_transaction(engine) as connection:
            events, position = read_share(connection, position, limit, share.has)
        fold.take(events)
        on_events(position - before)
    fold.settle()
    return fold


def load_share(engine: Engine, beside: Beside, fold: Fold) -> None:
    """Fill the new tables of what is kept by user."""
    for projection in ReadModels(beside.table_of).projections:
        if projection.is_by_user:
            for table, rows in projection.contents(fold):
                load(engine, table, rows)


def load_common(engine: Engine, beside: Beside, fold: Fold) -> None:
    """Fill the other new tables, from a fold that has seen what concerns everybody."""
    for projection in ReadModels(beside.table_of).projections:
        if not projection.is_by_user:
            for table, rows in projection.contents(fold):
                load(engine, table, rows)
