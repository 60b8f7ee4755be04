"""What came of a pull, as counts and its first lines."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LINES_MAX = 20


@dataclass(slots=True)
class Report:
    """`placed` by what became of the items; `said` likewise. `withheld` is what is gone by its
    shelf and wasn't hidden; `nobodys` how much was left out of each account that is nobody's.
    """

    source: str
    is_dry: bool
    placed: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    nobodys: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return self.placed["rejected"] + self.said["rejected"]

    @property
    def is_whole(self) -> bool:
        """Whether all was taken and hidden that should have been."""
        return not self.faults and not self.withheld

    def tell(self, line: str) -> None:
        """Keeps a line of what was done, if it is one of the first."""
        if len(self.lines) < LINES_MAX:
            self.lines.append(line)

    def as_json(self) -> Mapping[str, Any]:
        return {
            "source": self.source,
            "dry_run": self.is_dry,
            "placed": dict(self.placed),
            "hidden": self.hidden,
            "withheld": self.withheld,
            "said": dict(self.said),
            "nobodys": self.nobodys,
            "lines": self.lines,
        }
