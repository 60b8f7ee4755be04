"""Claims: what an activity event says of its item, a mark, a progress or nothing (rules 7 to 9)."""

from typing import assert_never

from domain.catalog import Catalog
from domain.events import Activity, ItemUnwatched, ItemWatched, ProgressReported, Recorded
from domain.plays import Completion
from domain.policy import Policy
from domain.state.tables import Mark, Progress


def claim(
    policy: Policy, catalog: Catalog, recorded: Recorded, event: Activity
) -> Mark | Progress | None:
    """What an activity event comes to; None if it is barely begun or not tracked.

    `event` is that of `recorded`. `catalog` is as of the event or later.
    """
    match event:
        case ItemWatched():
            return _mark(recorded, watched=True)
        case ItemUnwatched():
            return _mark(recorded, watched=False)
        case ProgressReported():
            if not catalog.tracks_progress(event.item, recorded.catalog_version):
                return None
            return _claim_of_progress(policy, recorded, event)
        case _:
            assert_never(event)


def _claim_of_progress(
    policy: Policy, recorded: Recorded, event: ProgressReported
) -> Mark | Progress | None:
    if policy.is_complete(event):
        return _mark(recorded, watched=True)
    if policy.is_started(event):
        return Progress(
            recorded.at_us, recorded.position, event.played_seconds, event.duration_seconds
        )
    return None


def _mark(recorded: Recorded, *, watched: bool) -> Mark:
    return Mark(recorded.at_us, recorded.position, recorded.catalog_version, watched)


def completion(recorded: Recorded, event: Activity) -> Completion:
    """The completion that a watch or a complete progress is (rule 13)."""
    return Completion(recorded.at_us, recorded.position, getattr(event, "duration_seconds", None))
