"""Why an item is watched or isn't, for a viewer (rule 21)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from domain.claims import claim
from domain.events import ACTIVITY, ActivityFact, Recorded
from domain.policy import Policy
from domain.state.tables import Mark
from domain.viewer import Viewer
from infrastructure.querying.history import Question, history, is_allowed


@dataclass(frozen=True, slots=True)
class Reasons:
    """The event that decides, None if none does, and those that it overruled, newest first.

    An event on what rule 15 withholds, such as a container that the item has left, is in neither.
    """

    decider: Recorded | None
    overruled: list[Recorded]


def why(
    connection: Connection, viewer: Viewer, policy: Policy, leaf: str, upto: int, limit: int
) -> Reasons:
    """What decides about a watchable item, up to a position; at most `limit` overruled events."""

    def decides(recorded: Recorded) -> bool:
        event = recorded.event
        return isinstance(event, ActivityFact) and isinstance(
            claim(policy, viewer.catalog, recorded, event), Mark
        )

    topics = tuple(event_class.topic for event_class in ACTIVITY)
    asked = Question(upto=upto, cduids=viewer.cduids, item=leaf, topics=topics)
    marks = history(connection, viewer.catalog, asked, limit + 1, decides)
    told = list(filter(is_allowed(viewer), marks))
    decider = marks[0] if told[:1] == marks[:1] and marks else None
    return Reasons(decider, told if decider is None else told[1:])
