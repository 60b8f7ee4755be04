"""Reasons as they are shown, over HTTP and in a terminal (rule 21)."""

from pydantic import BaseModel

from domain.directory import Directory
from domain.events import Recorded
from domain.plays import Verdict
from infrastructure.querying.event_view import EventShown, event_shown
from infrastructure.querying.why import Reasons


class CompletionShown(BaseModel):
    """A completion: whether it opened a play, or why it continues the one before."""

    event: EventShown
    verdict: Verdict


class AnchorShown(BaseModel):
    """The episode that a show's next one follows, and the event that decides about it."""

    item: str
    event: EventShown | None


class WhyShown(BaseModel):
    """The event that decides, if any, and those that it overruled, newest first.

    It is in progress by `in_progress`, or what was started last was ended by `ended_by`. `missing`
    are a container's leaves that aren't watched. `anchor`, `restart` and `dismissal` have a say in
    what comes next.
    """

    item: str
    watched: bool
    decider: EventShown | None
    overruled: list[EventShown]
    in_progress: EventShown | None
    ended_by: EventShown | None
    completions: list[CompletionShown]
    missing: list[str]
    anchor: AnchorShown | None
    restart: EventShown | None
    dismissal: EventShown | None
    position: int


def why_shown(
    item: str, reasons: Reasons, directory: Directory, *, is_watched: bool, position: int
) -> WhyShown:
    def shown(recorded: Recorded | None) -> EventShown | None:
        return None if recorded is None else event_shown(recorded, directory)

    anchor = reasons.anchor
    return WhyShown(
        item=item,
        watched=is_watched,
        decider=shown(reasons.decider),
        overruled=[event_shown(each, directory) for each in reasons.overruled],
        in_progress=shown(reasons.in_progress),
        ended_by=shown(reasons.ended_by),
        completions=[
            CompletionShown(event=event_shown(each.event, directory), verdict=each.verdict)
            for each in reasons.completions
        ],
        missing=reasons.missing,
        anchor=anchor and AnchorShown(item=anchor.item, event=shown(anchor.event)),
        restart=shown(reasons.restart),
        dismissal=shown(reasons.dismissal),
        position=position,
    )
