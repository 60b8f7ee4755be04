"""Compacts a page: of the progress reports on one item only the newest started one is folded.

Nine events of ten are a progress that the next one overtakes before anybody could ask.
"""

from collections.abc import Sequence

from domain.events import ProgressReported, Recorded
from domain.policy import Policy
from domain.state.cached_table import Key


def compact(page: Sequence[Recorded], policy: Policy) -> Sequence[Recorded]:
    """The page without barely begun progress, and with the newest started one of each cduid and
    item only: folded, it comes to the same.

    What is started is a register that the newest wins, and the catalog version from which on a
    cduid touched a container is that of the first event; so all of it is kept where that changes.
    """
    if not page or page[0].catalog_version != page[-1].catalog_version:
        return page
    newest: dict[Key, Recorded] = {}
    rest: list[Recorded] = []
    for recorded in page:
        event = recorded.event
        if type(event) is not ProgressReported or policy.is_complete(event):
            rest.append(recorded)
        elif policy.is_started(event):
            key = recorded.stream, event.item
            known = newest.get(key)
            if known is None or recorded.at_us >= known.at_us:
                newest[key] = recorded
    return sorted((*rest, *newest.values()))
