"""Numbers a batch: which of its entries are recorded, and as which rows. Pure.

Positions have no gap, versions are contiguous in each stream, and `recorded_at` never decreases,
because all of them continue from a head that is held, or that the database holds them against.
"""

from collections.abc import Iterator, Sequence

from domain.events import (
    CATALOG,
    ActivityFact,
    Event,
    OnItemFact,
    ProgressReported,
    at_us,
    topics_of,
)
from domain.references import unresolved_item
from infrastructure.ledger.digest import NO_DIGEST, SALT_BYTES, event_digest
from infrastructure.ledger.entries import (
    Answer,
    Append,
    Entry,
    Found,
    Head,
    Outcome,
    Repeatable,
    Row,
    StreamHead,
    Submitted,
)
from infrastructure.ledger.last_said import Heard
from infrastructure.ledger.mapper import decode, encode

_CATALOG_TOPICS = frozenset(topics_of(CATALOG))
_NEW_STREAM = StreamHead(0, NO_DIGEST)
_REFUSED = Outcome("refused", 0, 0)
_GONE = Outcome("gone", 0, 0)
_STANDING_IN_THE_WAY = frozenset({"conflict", "gone"})


def salts(random: bytes) -> Iterator[bytes]:
    """Random bytes, cut into one salt after the other."""
    return (random[at : at + SALT_BYTES] for at in range(0, len(random), SALT_BYTES))


class Numbering:
    """One batch on its way in, from the head and what was found of its streams.

    `heard` is what was said last on what the batch is about, if anything in it may be a repetition.
    """

    def __init__(
        self,
        head: Head,
        found: Found,
        now_us: int,
        salts: Iterator[bytes],
        heard: Heard | None = None,
    ) -> None:
        self._position, self._catalog_version, recorded_at_us = head
        self._recorded_at_us = max(now_us, recorded_at_us)
        self.streams, self._submitted = found
        self._salts = salts
        self.heard = heard
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
        return Answer(self._outcomes(append), is_stale=False, position=self._position)

    def _outcomes(self, append: Append) -> tuple[Outcome, ...]:
        entries = append.entries
        if not append.together:
            return tuple(map(self._take, entries))
        outcomes: list[Outcome] = []
        for group in append.together:
            outcomes += map(self._take, entries[len(outcomes) : group.start])
            outcomes += self._take_together(entries[group.start : group.stop])
        return (*outcomes, *map(self._take, entries[len(outcomes) :]))

    def _take_together(self, entries: Sequence[Entry]) -> list[Outcome]:
        """All of them, or none if one is a conflict or gone: each of the others is then, too.

        What is news to one isn't left out for another.
        """
        found = list(map(self._settled, entries))
        fault = next((each for each in found if each and each.status in _STANDING_IN_THE_WAY), None)
        if fault is not None:
            return [each or fault for each in found]
        is_news = None in found
        return [
            self._record(entry)
            if each is None or (is_news and each.status == "unchanged")
            else each
            for entry, each in zip(entries, found, strict=True)
        ]

    def _take(self, entry: Entry) -> Outcome:
        return self._settled(entry) or self._record(entry)

    def _settled(self, entry: Entry) -> Outcome | None:
        """What becomes of an entry that isn't recorded now; None if it is to be."""
        if entry.submission_id is None:
            return None
        if entry.needs_stream and entry.stream not in self.streams:
            return _GONE
        first = self._submitted.get((entry.stream, entry.submission_id.hex))
        if first is not None:
            return _again(first, entry.event)
        if entry.is_refused:
            return _REFUSED
        return None if entry.repeatable is None else self._repeated(entry, entry.repeatable)

    def _repeated(self, entry: Entry, repeatable: Repeatable) -> Outcome | None:
        """That an entry tells nothing new, if it doesn't (rule 32)."""
        event, heard = entry.event, self.heard
        if heard is None or not isinstance(event, ProgressReported):
            return None
        before = heard.last(entry.stream, event.item)
        if before is None or before.tick is None:
            return None
        recorded_at_us, version = self._recorded_at_us, self._catalog_version
        if not repeatable.is_repeated(event, recorded_at_us, version, before.tick):
            return None
        if not heard.stands(entry.stream, repeatable, before):
            return None
        return Outcome("unchanged", before.position, before.version)

    def _record(self, entry: Entry) -> Outcome:
        stream, event = entry.stream, entry.event
        topic, state = encode(event)
        version = self.streams.get(stream, _NEW_STREAM).version + 1
        submission_id = None if entry.submission_id is None else entry.submission_id.hex
        row = self.put(stream, version, topic, state, event, submission_id, entry.user)
        if submission_id is not None:
            self._submitted[stream, submission_id] = row
        if self.heard is not None:
            self.heard.note(row, event)
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


def _again(first: Submitted | Row, event: Event) -> Outcome:
    """The answer to a submission id that was recorded before (rule 3)."""
    topic, state = encode(event)
    same = (topic == first.topic and state == first.state) or (
        _as_submitted(event) == _as_submitted(decode(first.topic, first.state))
    )
    return Outcome("duplicate" if same else "conflict", first.position, first.version)


def _as_submitted(event: Event) -> Event:
    """Without what the ledger added: how far the player's clock was off when it sent it, and the
    item that it found for a reference.
    """
    added: dict[str, object] = {}
    if isinstance(event, ActivityFact) and event.clock_offset_seconds is not None:
        added["clock_offset_seconds"] = None
    if isinstance(event, OnItemFact) and event.ref is not None:
        added["item"] = unresolved_item(event.ref)
    return event.model_copy(update=added) if added else event
