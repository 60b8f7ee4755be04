"""The policy: from where on a progress counts, and by which revision of the rules (rule 8)."""

from dataclasses import dataclass

RULES = 2
"""The revision of the rules that read models are made by; what an older one made is made anew."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds of rule 8: two shares of the duration, and two times in seconds.

    Read models are made under one policy, and two are never mixed.
    """

    low: float = 0.05
    high: float = 0.90
    head_seconds: float = 300.0
    rest_seconds: float = 900.0
    rules: int = RULES

    def __str__(self) -> str:
        """The thresholds in the order of the settings, for people."""
        return f"{self.low:g}, {self.high:g}, {self.head_seconds:g} s and {self.rest_seconds:g} s"

    def is_complete(
        self, share: float | None, played_seconds: float | None, duration_seconds: float | None
    ) -> bool:
        """Whether so much was played that the item counts as watched."""
        if share is None or share < self.high:
            return False
        if played_seconds is None or duration_seconds is None:
            return True
        return duration_seconds - played_seconds <= self.rest_seconds

    def is_started(self, share: float | None, played_seconds: float | None) -> bool:
        """Whether what isn't complete is in progress, and not barely begun."""
        return (share is not None and share >= self.low) or (
            played_seconds is not None and played_seconds >= self.head_seconds
        )
