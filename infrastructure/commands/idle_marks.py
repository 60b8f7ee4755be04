"""Idle marks: which watches said nothing new where they were recorded (rule 9).

It is asked of the ledger's own rows, since the read models may be anywhere by then.
"""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from domain.catalog import Catalog
from domain.events import Activity, ItemWatched, Recorded, device_user_stream, gives_time
from domain.items import is_watchable
from domain.policy import Policy
from domain.replay import Said, replay, sources, unretracted
from infrastructure.ledger.reports import LedgerReports
from infrastructure.ledger.retractions import Retraction, retractions


def may_be_idle(event: Activity) -> bool:
    """Whether a mark is idle if its item is watched by then."""
    return isinstance(event, ItemWatched) and not gives_time(event) and is_watchable(event.item)


def idle_marks(
    connection: Connection,
    policy: Policy,
    catalog: Catalog,
    cduid: str,
    marks: Mapping[int, str],
) -> set[int]:
    """The positions of those marks of a cduid that are idle; `marks` has their items by position.

    `catalog` is as of the marks or later. Raises UnreadableEvent.
    """
    upto = max(marks)
    about = {item: sources(catalog, item) for item in marks.values()}
    said_on: dict[str, list[Recorded]] = defaultdict(list)
    for recorded in LedgerReports(lambda: connection).on(cduid, set().union(*about.values()), upto):
        said_on[getattr(recorded.event, "item", "")].append(recorded)
    taken_back = retractions(connection, [device_user_stream(cduid)], upto)

    def idle_by(position: int, item: str) -> set[int]:
        """The idle marks on an item by what was said up to a position."""
        said = [each for x in about[item] for each in said_on[x] if each.position <= position]
        in_order = unretracted(said, _by_then(taken_back, position))
        heard = replay(policy, catalog, cduid, item, Said(in_order).about(catalog, item)).heard
        return {each.recorded.position for each in heard if each.is_idle}

    found: set[int] = set()
    for item, positions in _by_item(marks).items():
        since = [each for x in about[item] for each in said_on[x] if each.position > positions[0]]
        is_in_order = all(_comes_last(each) for each in since)
        if is_in_order and not any(positions[0] < each.position for each in taken_back.values()):
            found |= idle_by(upto, item).intersection(positions)  # none changes another's before it
        else:
            found.update(each for each in positions if each in idle_by(each, item))
    return found


def _by_item(marks: Mapping[int, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for position in sorted(marks):
        found[marks[position]].append(position)
    return found


def _comes_last(recorded: Recorded) -> bool:
    """Whether it lies behind all that was recorded before it."""
    return recorded.at_us == recorded.recorded_at_us


def _by_then(taken_back: Mapping[tuple[str, UUID], Retraction], position: int) -> dict[str, int]:
    """What was taken back up to a position, by the ids in digits."""
    return {
        name.hex: retraction.position
        for (_, name), retraction in taken_back.items()
        if retraction.position <= position
    }
