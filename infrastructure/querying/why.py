"""Why an item is watched or isn't, for a viewer (rule 21)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from domain.claims import claim
from domain.events import ACTIVITY, ActivityFact, Recorded
from domain.policy import Policy
from domain.state.tables import Mark
from domain.viewer import Viewer
from infrastructure.querying.history import Question, history


@dataclass(frozen=True, slots=True)
class Reasons:
    """The event that decides, None if none does, and those that it overruled, newest first."""

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
    return Reasons(marks[0] if marks else None, marks[1:])
