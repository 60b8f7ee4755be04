"""What was said last: in each stream on each item, remembered as of where the stream ended.

A progress that repeats the one before it isn't recorded (rule 32). What stands before it is asked
of the ledger once, and remembered for as long as nobody else goes on with the stream: its version
says whether somebody has. Who writes adds what it wrote.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from domain.events import ActivityRetracted, Event, ProgressReported
from domain.thinning import Tick
from infrastructure.ledger.entries import Repeatable, Row, StreamHead


class Said(NamedTuple):
    """The last that was said on an item, `tick` if that is a progress."""

    position: int
    version: int
    submission_id: str
    tick: Tick | None


class LastSaid(NamedTuple):
    """What the ledger has: on items the last, by stream and item, and in streams all retractions.

    What isn't there was asked for and never said.
    """

    said: Mapping[tuple[str, str], Said]
    retracted: Mapping[str, Collection[str]]


@dataclass(slots=True)
class _Remembered:
    """Of one stream, as of a version. All that was said after `since` is in `said`.

    None in `said`: nothing was ever said on it. `retracted` is None where nobody has asked.
    """

    version: int
    since: int
    said: dict[str, Said | None] = field(default_factory=dict)
    retracted: set[str] | None = None

    def copied(self) -> "_Remembered":
        retracted = None if self.retracted is None else set(self.retracted)
        return _Remembered(self.version, self.since, dict(self.said), retracted)


class Heard:
    """What was said last before each entry of a batch, while the batch is numbered.

    It is a copy of what is remembered of the streams that end at `versions`.
    """

    def __init__(self, remembered: Mapping[str, _Remembered], versions: Mapping[str, int]) -> None:
        self._before: dict[str, _Remembered] = {}
        for stream, version in versions.items():
            known = remembered.get(stream)
            if known is not None and known.version == version:
                self._before[stream] = known.copied()
            else:
                self._before[stream] = _Remembered(version, version)
        self._now: dict[tuple[str, str], Said] = {}
        self._retracted_now: set[tuple[str, str]] = set()

    def unknown(
        self, repeatables: Iterable[tuple[str, Repeatable]]
    ) -> tuple[set[tuple[str, str]], set[str]]:
        """What must be asked of the ledger: streams with items, and streams for retractions."""
        keys: set[tuple[str, str]] = set()
        streams: set[str] = set()
        for stream, repeatable in repeatables:
            known = self._before[stream]
            if known.version == 0:  # there is no such stream yet
                continue
            if known.retracted is None:
                streams.add(stream)
            own = known.said.get(repeatable.items[0])
            if own is None or own.version <= known.since:
                keys.update((stream, each) for each in repeatable.items if each not in known.said)
        return keys, streams

    def learn(
        self, keys: Iterable[tuple[str, str]], streams: Iterable[str], found: LastSaid
    ) -> None:
        """Take in what was asked of the ledger."""
        for stream, item in keys:
            self._before[stream].said[item] = found.said.get((stream, item))
        for stream in streams:
            self._before[stream].retracted = set(found.retracted.get(stream, ()))

    def last(self, stream: str, item: str) -> Said | None:
        """What was said last on an item."""
        return self._now.get((stream, item)) or self._before[stream].said.get(item)

    def stands(self, stream: str, repeatable: Repeatable, said: Said) -> bool:
        """Whether nothing was said about the item since, and that wasn't taken back."""
        for item in repeatable.items:
            later = self.last(stream, item)
            if later is not None and later.version > said.version:
                return False
        return not self._is_retracted(stream, said.submission_id)

    def _is_retracted(self, stream: str, submission_id: str) -> bool:
        retracted = self._before[stream].retracted or ()
        return submission_id in retracted or (stream, submission_id) in self._retracted_now

    def note(self, row: Row, event: Event) -> None:
        """Take in what the batch says itself."""
        if isinstance(event, ActivityRetracted):
            self._retracted_now.add((row.stream, event.retracts.hex))
        elif row.submission_id is not None and row.item is not None:
            tick = (
                Tick(event, row.at_us, row.catalog_version)
                if isinstance(event, ProgressReported)
                else None
            )
            said = Said(row.position, row.version, row.submission_id, tick)
            self._now[row.stream, row.item] = said

    def after(self, versions: Mapping[str, StreamHead]) -> dict[str, _Remembered]:
        """What is known of the streams once they end at `versions`, the batch being recorded."""
        for stream, known in self._before.items():
            if stream in versions:
                known.version = versions[stream].version
        for (stream, item), said in self._now.items():
            if stream in self._before:
                self._before[stream].said[item] = said
        for stream, submission_id in self._retracted_now:
            if stream in self._before and (known := self._before[stream]).retracted is not None:
                known.retracted.add(submission_id)
        return self._before


class LastSaidCache:
    """What was said last, by stream. Safe to use from many threads."""

    def __init__(self, said_max: int = 50_000, stream_said_max: int = 1_000) -> None:
        self._said_max, self._stream_said_max = said_max, stream_said_max
        self._streams: dict[str, _Remembered] = {}
        self._count = 0
        self._lock = Lock()

    def heard(self, versions: Mapping[str, int]) -> Heard:
        """What is remembered of streams that end at these versions, for one batch."""
        with self._lock:
            return Heard(self._streams, versions)

    def learn(self, heard: Heard, versions: Mapping[str, StreamHead]) -> None:
        """Remember what a batch asked for and what it said, once it is recorded."""
        with self._lock:
            for stream, known in heard.after(versions).items():
                self._learn(stream, known)
            if self._count > self._said_max:
                self._streams, self._count = {}, 0

    def _learn(self, stream: str, known: _Remembered) -> None:
        before = self._streams.get(stream)
        if before is not None and before.version > known.version:
            return  # somebody was quicker
        self._count += len(known.said) - (len(before.said) if before else 0)
        self._streams[stream] = known
        if len(known.said) > self._stream_said_max:
            self._count -= len(self._streams.pop(stream).said)
