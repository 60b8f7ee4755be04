"""Looking back: a viewer's answers as the ledger would have given them earlier (rule 22).

What the viewer's user said is folded anew up to then, by the fold that live projection runs.
Facts and catalog are as of then; modes, access and thresholds as they are now.
"""

from heapq import merge
from itertools import islice

from sqlalchemy import Connection

from domain.directory import Directory
from domain.events import CATALOG, Recorded, device_user_stream
from domain.fold import Fold
from domain.policy import Policy
from domain.viewer import Viewer
from infrastructure.ledger.reader import REPLAY_PAGE, read_activity, read_settings, recorded_at_us
from infrastructure.ledger.reports import LedgerReports


def look_back(
    connection: Connection, now: Directory, policy: Policy, cduid: str, position: int
) -> Viewer:
    """A viewer as of a position, no later than `now`. Raises KeyError for an unregistered cduid."""
    user = now.device_users[cduid].user
    said = [
        read_activity(connection, device_user_stream(each), position) for each in now.cduids(user)
    ]
    settings = _as_of(read_settings(connection, 0, now.position), position)
    reports = LedgerReports(lambda: connection, last=position)
    fold = Fold(Directory(), policy, reports, derives_late=True)
    everything = merge(settings, *said, key=lambda each: each.position)
    while page := list(islice(everything, REPLAY_PAGE)):
        fold.take(page)
    fold.settle()
    moment_us = recorded_at_us(connection, position) if position else 0
    return Viewer(fold.directory, fold.tables, cduid, moment_us)


def _as_of(settings: list[Recorded], position: int) -> list[Recorded]:
    """The catalog as of then, modes and access as they are now."""
    return [
        each
        for each in settings
        if each.position <= position or not isinstance(each.event, CATALOG)
    ]
