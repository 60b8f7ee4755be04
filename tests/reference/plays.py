"""Rule 13 by brute force: which completions open a play, and why others only continue one."""

from datetime import timedelta
from typing import Literal, NamedTuple

from domain.events import ItemWatched, ProgressReported, Recorded
from domain.instants import from_us
from domain.items import is_watchable
from tests.reference.facts import PLAY_SECONDS, item_of, order
from tests.reference.speech import WATCHED, Speech
from tests.reference.times import gives_time

STILL_IN_THE_CREDITS = timedelta(days=3)

Verdict = Literal["opens", "untimed", "further_on", "same_viewing"]


class Play(NamedTuple):
    """`item` is what it is shown with; `at_us` is rule 1's, of undated ones that of rule 25."""

    item: str
    at_us: int
    cduid: str
    position: int


class Plays(Speech):
    def completions(self, cduids: frozenset[str], leaf: str) -> list[Recorded]:
        """Oldest first: what was said on a container completes nothing."""
        said = reversed(self.marks(cduids, leaf))
        own = (r for r in said if is_watchable(item_of(r) or ""))
        return [r for r in own if self.claim(r) in WATCHED]

    def judged(
        self, cduids: frozenset[str], leaf: str, *, asked: bool = True
    ) -> list[tuple[Recorded, Verdict]]:
        """The completions of an item's work, oldest first, and what each comes to.

        Where no one item is asked about, each is judged by the running time of its own.
        """
        found: list[tuple[Recorded, Verdict]] = []
        play: list[Recorded] = []
        for c in self.completions(cduids, leaf):
            verdict = self._verdict(c, play, leaf if asked else item_of(c) or leaf)
            play = [c] if verdict == "opens" else [*play, c]
            found.append((c, verdict))
        return found

    def openings(self, cduids: frozenset[str], leaf: str, *, asked: bool = True) -> list[Recorded]:
        """The completions that opened a play, oldest first."""
        judged = self.judged(cduids, leaf, asked=asked)
        return [r for r, verdict in judged if verdict == "opens"]

    def _verdict(self, c: Recorded, play: list[Recorded], leaf: str) -> Verdict:
        if not play:
            return "opens"
        if isinstance(c.event, ItemWatched) and not gives_time(c.event):
            return "untimed"
        own = [p for p in play if p.cduid == c.cduid]
        if any(self._is_further_on(c, p) for p in own) and not self._is_at_it_again(c, leaf):
            return "further_on"
        soon = from_us(c.at_us) - from_us(play[0].at_us) < self._running(c, leaf)
        if soon and not (_is_progress(c) and own and self._is_at_it_again(c, leaf)):
            return "same_viewing"
        return "opens"

    def _is_further_on(self, c: Recorded, p: Recorded) -> bool:
        if not _is_progress(c) or not _is_progress(p):
            return False
        share, before = self.share(c), self.share(p)
        assert share is not None
        assert before is not None
        apart = from_us(c.at_us) - from_us(p.at_us)
        return share > before and apart < STILL_IN_THE_CREDITS

    def _is_at_it_again(self, c: Recorded, leaf: str) -> bool:
        """Whether its device user has been below `high` since its newest completion before."""
        assert c.cduid is not None
        alone = frozenset({c.cduid})
        before = [r for r in self.completions(alone, leaf) if order(r) < order(c)]
        said = (r for r in self.heard(alone, leaf) if order(before[-1]) < order(r) < order(c))
        return any(self.is_below_high(r) for r in said)

    def _running(self, c: Recorded, leaf: str) -> timedelta:
        present = self.catalog.runtime_seconds(leaf)
        seconds = self.duration_seconds(c) or present or PLAY_SECONDS
        return max(timedelta(seconds=seconds), timedelta.resolution)

    # The list, and the seed's counts of one device user alone, hidden and all.

    def plays(self, cduid: str, item: str | None = None) -> list[Play]:
        """Newest first, those of hidden items too (rule 5)."""
        user, group = self.users[cduid], self.group(cduid)
        spoken = self.spoken(group)
        if item is None:
            works = {min(self.catalog.work(leaf)) for leaf in spoken}
            opened = [r for leaf in works for r in self.openings(group, leaf, asked=False)]
        else:
            opened = self.openings(group, item) if self.permits(user, item) else []
        opened.sort(key=order, reverse=True)
        shown = ((self._shown_with(user, r), r) for r in opened)
        return [Play(on, r.at_us, r.cduid or "", r.position) for on, r in shown if on is not None]

    def _shown_with(self, user: str, play: Recorded) -> str | None:
        """What was completed, or the first of its work that the user may know of."""
        item = item_of(play)
        assert item is not None
        known = [item, *self.catalog.in_order(self.catalog.work(item))]
        return next((i for i in known if self.permits(user, i)), None)

    def watch_count(self, cduid: str, item: str) -> int:
        return len(self.openings(frozenset({cduid}), item))

    def watch_counts(self, cduid: str) -> dict[str, int]:
        counts = {leaf: self.watch_count(cduid, leaf) for leaf in self.spoken(frozenset({cduid}))}
        return {leaf: count for leaf, count in counts.items() if count}


def _is_progress(recorded: Recorded) -> bool:
    return isinstance(recorded.event, ProgressReported)
