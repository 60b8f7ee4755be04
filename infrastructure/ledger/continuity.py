"""Continuity: whether each event goes on from those before it, which makes a ledger whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.events import ACTIVITY, CATALOG_STREAM, Erased, at_us, topics_of
from infrastructure.ledger.coverage import Coverage
from infrastructure.ledger.digest import NO_DIGEST, erasure_of, event_digest
from infrastructure.ledger.entries import Head, Row, StreamHead
from infrastructure.ledger.mapper import decode

_BEGIN = StreamHead(0, NO_DIGEST)
_TOPICS_WITH_ID = frozenset(topics_of(ACTIVITY))


@dataclass(slots=True)
class Continuity:
    """What the next event must go on from: the ledger's head and the streams' ends."""

    position: int = 0
    catalog_version: int = 0
    recorded_at_us: int = 0
    streams: dict[str, StreamHead] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def head(self) -> Head:
        return Head(self.position, self.catalog_version, self.recorded_at_us)

    def faults(self, row: Row) -> Iterator[str]:
        """What is wrong with the next event, each in a sentence.

        Goes on from it all the same, so that one fault isn't told again for all behind it.
        """
        where = f"Event {row.position} ({row.stream}, version {row.version})"
        if row.position != self.position + 1:
            missing = _named(self.position + 1, row.position - 1)
            yield f"{missing} missing before event {row.position}."
        yield from (f"{where}: {fault}" for fault in self._envelope_faults(row))
        yield from (f"{where}: {fault}" for fault in self._payload_faults(row))
        self.coverage.take(row)
        self.position = row.position
        self.catalog_version = row.catalog_version
        self.recorded_at_us = row.recorded_at_us
        self.streams[row.stream] = StreamHead(row.version, row.digest)

    def _envelope_faults(self, row: Row) -> Iterator[str]:
        before = self.streams.get(row.stream, _BEGIN)
        if row.version != before.version + 1:
            yield f"version {before.version + 1} of its stream should come here."
        if row.recorded_at_us < self.recorded_at_us:
            yield "it was recorded before the event that stands before it."
        if row.catalog_version != self.catalog_version + (row.stream == CATALOG_STREAM):
            yield f"the catalog wasn't at version {row.catalog_version} then."
        # What an erasure has changed is covered by the fact that it recorded.
        if erasure_of(row.salt) is None and _digest(row, before.digest) != row.digest:
            yield "its digest doesn't fit: it, or the one before it in its stream, was changed."

    def _payload_faults(self, row: Row) -> Iterator[str]:
        """Whether the event can be read, and its columns say what it says."""
        try:
            event = decode(row.topic, row.state)
        except ValueError as error:
            yield f"it can't be read: {error}"
            return
        self.coverage.learn(event)
        if getattr(event, "item", None) != row.item:
            yield f"its column says item {row.item}, the event itself says otherwise."
        if at_us(event, row.recorded_at_us) != row.at_us:
            yield "its column at_us isn't what follows from the event."
        if isinstance(event, Erased):
            if erasure_of(row.salt) is None:
                yield "it says that it was erased, but by no erasure."
        elif (row.submission_id is not None) != (row.topic in _TOPICS_WITH_ID):
            yield "activity has a submission id and nothing else has one; here it is otherwise."


def _named(first: int, last: int) -> str:
    return f"Event {first} is" if first == last else f"Events {first} to {last} are"


def _digest(row: Row, previous: bytes) -> bytes:
    return event_digest(
        previous,
        row.position,
        row.stream,
        row.version,
        row.topic,
        row.recorded_at_us,
        row.catalog_version,
        row.submission_id,
        row.user,
        row.salt,
        row.state,
    )
