"""What a log says of some items, found again by going through it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from domain.events import Recorded


class LogReports:
    """What the fold asks again, of a ledger in memory."""

    def __init__(self, log: Sequence[Recorded]) -> None:
        self._log = log

    def on(self, cduid: str, items: Collection[str], upto: int) -> list[Recorded]:
        said = self._activity(upto)
        return [r for r in said if r.cduid == cduid and getattr(r.event, "item", None) in items]

    def under_id(self, cduid: str, submission_id: UUID, upto: int) -> list[Recorded]:
        said = self._activity(upto)
        return [r for r in said if r.cduid == cduid and r.submission_id == submission_id]

    def speakers(self, items: Collection[str], upto: int) -> set[str]:
        said = self._activity(upto)
        return {r.cduid for r in said if r.cduid and getattr(r.event, "item", None) in items}

    def _activity(self, upto: int) -> list[Recorded]:
        return [r for r in self._log if r.position <= upto and r.submission_id is not None]
