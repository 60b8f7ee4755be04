"""Compacts a page: of the progress reports on one item only those are folded that can tell.

Nine events of ten are a progress that the next one overtakes before anybody could ask.
"""

from collections.abc import Sequence

from domain.catalog import Catalog
from domain.claims import Says, claim
from domain.events import SPOKEN, ProgressReported, Recorded, Spoken
from domain.policy import Policy
from domain.replay import order
from domain.state.cached_table import Key

_COMPLETING_NOTHING = (Says.STARTED, Says.BARELY_BEGUN)


class _Run:
    """Reports of one cduid on one item that complete nothing, none between them that does.

    `oldest` tells whether any is late, `started` and `barely_begun` are the newest of their kind.
    """

    __slots__ = ("barely_begun", "oldest", "started")

    def __init__(self, recorded: Recorded) -> None:
        self.oldest = recorded
        self.started: Recorded | None = None
        self.barely_begun: Recorded | None = None

    def take(self, recorded: Recorded, says: Says) -> None:
        if order(recorded) < order(self.oldest):
            self.oldest = recorded
        if says is Says.STARTED:
            self.started = _newer(self.started, recorded)
        else:
            self.barely_begun = _newer(self.barely_begun, recorded)

    def telling(self) -> list[Recorded]:
        each = (self.oldest, self.started, self.barely_begun)
        return list({one.position: one for one in each if one is not None}.values())


def _newer(known: Recorded | None, recorded: Recorded) -> Recorded:
    return recorded if known is None or order(recorded) > order(known) else known


def compact(page: Sequence[Recorded], policy: Policy, catalog: Catalog) -> Sequence[Recorded]:
    """The page with few of the reports that complete nothing: folded, it comes to the same.

    `catalog` is as of the page's beginning or later; where it goes on within the page, all is kept.
    """
    if not page or page[-1].catalog_version > catalog.version:
        return page
    runs: dict[Key, _Run] = {}
    kept: list[Recorded] = []
    for recorded in page:
        event = recorded.event
        if not isinstance(event, SPOKEN):
            kept.append(recorded)
            continue
        said = _says(policy, catalog, recorded, event)
        if said in _COMPLETING_NOTHING:
            key = recorded.stream, event.item
            runs.setdefault(key, _Run(recorded)).take(recorded, said)
        else:
            for item in catalog.work(event.item):
                if (run := runs.pop((recorded.stream, item), None)) is not None:
                    kept += run.telling()
            kept.append(recorded)
    for run in runs.values():
        kept += run.telling()
    return sorted(kept, key=_position)


def _says(policy: Policy, catalog: Catalog, recorded: Recorded, event: Spoken) -> Says:
    """What an event says of the item that it is on."""
    if type(event) is not ProgressReported:
        return Says.WATCH
    return claim(policy, catalog, recorded, event).says


def _position(recorded: Recorded) -> int:
    return recorded.position
