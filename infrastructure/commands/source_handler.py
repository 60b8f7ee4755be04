"""Sources, as the operator sets them up and as accounts are heard of: decided and recorded.

Whose an account is stands in that user's stream, so one decision may write to several, all or none.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Engine, func, select

from domain import sourcing
from domain.commands import PutSource
from domain.directory import Directory
from domain.events import SourceSecretIssued, source_stream
from domain.rejection import Refused, Rejection
from domain.source import Source
from domain.sourcing import Speaker, Told
from infrastructure.commands.tokens import hash_of
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.writer import Writer, WriterBusy

_ATTEMPTS = 20
_SECRET_BYTES = 32

Decide = Callable[[Directory], Sequence[Told] | Rejection]


class WrittenSource(NamedTuple):
    """The position reached; `hook` is the path of a new address, which is told this once."""

    position: int
    hook: str | None


class SourceHandler:
    """Takes commands on sources from any thread."""

    def __init__(self, engine: Engine, writer: Writer, directories: CurrentDirectory) -> None:
        self._engine = engine
        self._writer = writer
        self._directories = directories

    def put(self, name: str, command: PutSource) -> WrittenSource:
        """The hook is there if the source is new. Raises Refused if its kind would change."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        position, told = self._record(
            name, lambda now: sourcing.put_source(name, command, now, hash_of(secret))
        )
        is_new = any(isinstance(each.event, SourceSecretIssued) for each in told)
        return WrittenSource(position, _hook(name, secret) if is_new else None)

    def rotate_secret(self, name: str) -> WrittenSource:
        """Raises Refused for an unknown source."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        position, _ = self._record(
            name, lambda now: sourcing.issue_secret(name, hash_of(secret), now)
        )
        return WrittenSource(position, _hook(name, secret))

    def remove(self, name: str) -> int:
        """The position reached. Raises Refused for an unknown source."""
        return self._record(name, lambda now: sourcing.remove_source(name, now))[0]

    def admit(self, name: str, speaker: Speaker) -> Rejection | None:
        """Registers whoever speaks, if they weren't; why not, if that can't be."""
        decided = sourcing.admit(name, speaker, self._directories.latest())
        if not decided:
            return None
        try:
            self._record(name, lambda now: sourcing.admit(name, speaker, now))
        except Refused as refused:
            return refused.rejection
        return None

    def named(self, name: str) -> Source:
        """Raises Refused for an unknown source."""
        source = self.all().get(name)
        if source is None:
            raise Refused(sourcing.unknown_source(name))
        return source

    def all(self) -> Mapping[str, Source]:
        """The sources as of the ledger's end, by name."""
        return self._directories.latest().sources

    def _record(self, name: str, decide: Decide) -> tuple[int, Sequence[Told]]:
        """Has what was decided recorded; decides again as long as one of its streams goes on.

        Versions are looked up before the state is: what comes between makes them stale.
        """
        streams = {source_stream(name)}
        for _ in range(_ATTEMPTS):
            versions = self._versions(streams)
            told = decide(self._directories.latest())
            if isinstance(told, Rejection):
                raise Refused(told)
            touched = {each.stream for each in told}
            if not touched <= streams:
                streams |= touched
                continue
            entries = [Entry(stream, event, user=user) for stream, event, user in told]
            answer = self._writer.submit(Append(entries, versions if told else {})).result()
            if not answer.is_stale:
                return answer.position, told
        raise WriterBusy("Others keep changing the same source. Send it again later.")

    def _versions(self, streams: set[str]) -> dict[str, int]:
        event = ledger_event.c
        query = select(event.originator_id, func.max(event.originator_version)).where(
            event.originator_id.in_(streams)
        )
        with read_transaction(self._engine) as connection:
            found = connection.execute(query.group_by(event.originator_id)).all()
        return {**dict.fromkeys(streams, 0), **dict(tuple(row) for row in found)}


def _hook(name: str, secret: str) -> str:
    return f"/in/{name}/{secret}"
