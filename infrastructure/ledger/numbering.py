"""Numbers a batch: which of its entries are recorded, and as which rows. Pure.

Positions have no gap, versions are contiguous in each stream, and `recorded_at` never decreases,
because all of them continue from a head that is held, or that the database holds them against.
"""

from collections.abc import Iterator

from domain.events import CATALOG, Event, at_us
from infrastructure.ledger.digest import NO_DIGEST, SALT_BYTES, event_digest
from infrastructure.ledger.entries import (
    Answer,
    Append,
    Entry,
    Found,
    Head,
    Outcome,
    Row,
    StreamHead,
    Submitted,
)
from infrastructure.ledger.mapper import decode, encode

_CATALOG_TOPICS = frozenset(cls.topic for cls in CATALOG)
_NEW_STREAM = StreamHead(0, NO_DIGEST)


def salts(random: bytes) -> Iterator[bytes]:
    """Random bytes, cut into one salt after the other."""
    return (random[at : at + SALT_BYTES] for at in range(0, len(random), SALT_BYTES))


class Numbering:
    """One batch on its way in, from the head and what was found of its streams."""

    def __init__(self, head: Head, found: Found, now_us: int, salts: Iterator[bytes]) -> None:
        self._position, self._catalog_version, recorded_at_us = head
        self._recorded_at_us = max(now_us, recorded_at_us)
        self.streams, self._submitted = found
        self._salts = salts
        self.rows: list[Row] = []

    @property
    def head(self) -> Head:
        """The head once the rows are in."""
        return Head(self._position, self._catalog_version, self._recorded_at_us)

    def take(self, append: Append) -> Answer:
        """Numbers all of one request's entries, or none if what it expects has changed."""
        for stream, version in append.expected_versions.items():
            if self.streams.get(stream, _NEW_STREAM).version != version:
                return Answer((), is_stale=True, position=self._position)
        outcomes = tuple(map(self._take, append.entries))
        return Answer(outcomes, is_stale=False, position=self._position)

    def _take(self, entry: Entry) -> Outcome:
        stream, event, submission, user = entry
        topic, state = encode(event)
        version = self.streams.get(stream, _NEW_STREAM).version + 1
        if submission is None:
            self.put(stream, version, topic, state, event, user=user)
        else:
            submission_id = submission.hex
            first = self._submitted.get((stream, submission_id))
            if first is not None:
                return _again(first, event, topic, state)
            row = self.put(stream, version, topic, state, event, submission_id, user)
            self._submitted[stream, submission_id] = row
        return Outcome("recorded", self._position, version)

    def put(
        self,
        stream: str,
        version: int,
        topic: str,
        state: bytes,
        event: Event | None = None,
        submission_id: str | None = None,
        user: str | None = None,
    ) -> Row:
        """Adds a row, at the version given; `event` is None for one that isn't ours."""
        self._position += 1
        self._catalog_version += topic in _CATALOG_TOPICS
        position, catalog_version = self._position, self._catalog_version
        recorded_at_us = self._recorded_at_us
        salt = next(self._salts)
        digest = event_digest(
            self.streams.get(stream, _NEW_STREAM).digest,
            position,
            stream,
            version,
            topic,
            recorded_at_us,
            catalog_version,
            submission_id,
            user,
            salt,
            state,
        )
        self.streams[stream] = StreamHead(version, digest)
        row = Row(
            position,
            stream,
            version,
            topic,
            state,
            recorded_at_us,
            recorded_at_us if event is None else at_us(event, recorded_at_us),
            catalog_version,
            submission_id,
            user,
            getattr(event, "item", None),
            salt,
            digest,
        )
        self.rows.append(row)
        return row


def _again(first: Submitted | Row, event: Event, topic: str, state: bytes) -> Outcome:
    """The answer to a submission id that was recorded before (rule 3)."""
    same = topic == first.topic and (state == first.state or event == decode(topic, first.state))
    return Outcome("duplicate" if same else "conflict", first.position, first.version)
