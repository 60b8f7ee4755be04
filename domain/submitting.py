"""Submitting: what players may say, and why something that they said isn't taken in.

Each check gives a Rejection, or None if nothing is wrong. Who asks has found out already who speaks
and whether they may.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.directory import DeviceUser, Directory
from domain.events import (
    Activity,
    ActivityRetracted,
    IsolationMode,
    ItemRestarted,
    ItemWatched,
    ProgressReported,
    SpokenFact,
)
from domain.items import Kind, is_watchable, kind_of
from domain.rejection import Rejection

_RESTARTED = frozenset({Kind.SHOW_SHELF, Kind.SHOW, Kind.SEASON})
_LIKELIEST = [IsolationMode.LOUD, IsolationMode.SHOUT, IsolationMode.QUIET, IsolationMode.SILO]


def check_activity(event: Activity, submission_id: UUID) -> Rejection | None:
    """What is wrong with an event in itself, whoever says it."""
    match event:
        case ProgressReported():
            return _check_progress(event)
        case ItemWatched(undated=True) if event.occurred_at is not None:
            return Rejection(
                "undated_with_time",
                "An undated watch has no occurred_at; send one of the two.",
            )
        case ActivityRetracted() if event.retracts == submission_id:
            return Rejection(
                "retracts_itself",
                "A retraction can't name itself; send it under an id of its own, with the id of "
                "what it takes back in retracts.",
            )
        case ItemRestarted() if kind_of(event.item) not in _RESTARTED:
            return Rejection(
                "not_restartable",
                f"{event.item} can't be begun anew; restart a show, a season or a shelf of shows.",
            )
        case _:
            return None


def _check_progress(event: ProgressReported) -> Rejection | None:
    if not is_watchable(event.item):
        return Rejection(
            "progress_on_container",
            f"{event.item} holds other items; report the progress of the one being played.",
        )
    if event.share is None:
        if event.played_seconds is None:
            return Rejection(
                "progress_missing", "A progress says how far it is; send played_seconds or share."
            )
    elif event.played_seconds is not None or event.duration_seconds is not None:
        return Rejection(
            "share_with_seconds",
            "A share stands in place of played_seconds and duration_seconds; send it alone, or "
            "these.",
        )
    return None


def check_company(event: Activity, speaker: DeviceUser, directory: Directory) -> Rejection | None:
    """Whether those who watched along can have done so (rule 29)."""
    names = event.with_users if isinstance(event, SpokenFact) else ()
    if not names:
        return None
    if speaker.user in names:
        return Rejection(
            "with_oneself", f"{speaker.user} is who says it; name the others only in with."
        )
    if len(set(names)) < len(names):
        return Rejection("with_repeated", "Somebody is named twice in with; name each once.")
    for user in names:
        if not companions(user, speaker, directory):
            return Rejection(
                "user_not_on_device",
                f"{user} isn't registered on this device; name users of the same device in with, "
                "or have them registered.",
            )
    return None


def check_known(item: str, users: Sequence[str], directory: Directory) -> Rejection | None:
    """Whether a container is there for all who speak about it (rules 7 and 15).

    What is said on one means what stands under it, so it must be known; a watchable item needn't.
    """
    if is_watchable(item):
        return None
    catalog = directory.catalog
    if item in catalog and all(directory.access(user).may_see(catalog, item) for user in users):
        return None
    return Rejection(
        "unknown_item", f"The catalog has no {item}. Send this again once the catalog has it."
    )


def companions(user: str, speaker: DeviceUser, directory: Directory) -> list[str]:
    """The cduids of a user on the speaker's device, the one first that is meant if there are more:
    of those that the user's other devices see, the one that was registered first.
    """
    found = [directory.device_users[cduid] for cduid in directory.cduids(user)]
    here = [each for each in found if each.device == speaker.device and not each.is_retired]
    here.sort(key=lambda each: _LIKELIEST.index(each.isolation_mode))  # keeps equals in order
    return [each.cduid for each in here]
