"""The policy: from which share of its running time on a progress counts (rule 8)."""

from dataclasses import dataclass

from domain.events import ProgressReported


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds of rule 8, as shares of the duration that a progress sends.

    Read models are made under one policy, and two are never mixed.
    """

    low: float = 0.05
    high: float = 0.90

    def is_complete(self, event: ProgressReported) -> bool:
        """Whether so much was played that the item counts as watched."""
        return event.played_seconds / event.duration_seconds >= self.high

    def is_started(self, event: ProgressReported) -> bool:
        """Whether so much was played that the item is in progress, and isn't complete."""
        return self.low <= event.played_seconds / event.duration_seconds < self.high
