"""What a pull writes to: the ledger, or a copy of its catalog on which a pull is only tried."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Engine, select

from domain.catalog import Catalog
from domain.commands import PlaceItem
from domain.events import CatalogEvent, device_user_stream
from domain.external_ids import NAMESPACES
from domain.placing import PlacedStatus, hide_item, place_items
from domain.rejection import Rejection
from domain.source import cduid_of
from domain.sourcing import Speaker, admit
from infrastructure.commands.activity import ActivityHandler
from infrastructure.commands.authentication import Caller
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.commands.submissions import Submission
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.schema import ledger_event

_ADMIN = Caller(None)

Said = str | Rejection
"""`recorded`, `duplicate`, or why not."""


class Target(Protocol):
    @property
    def catalog(self) -> Catalog: ...

    def place(self, commands: Sequence[PlaceItem]) -> Sequence[PlacedStatus | Rejection]: ...

    def hide(self, items: Sequence[str]) -> None: ...

    def admit(self, source: str, speaker: Speaker) -> Rejection | None: ...

    def say(self, submissions: Sequence[Submission]) -> Sequence[Said]: ...


class InLedger:
    """Everything is recorded."""

    def __init__(
        self,
        directories: CurrentDirectory,
        handler: CommandHandler,
        activity: ActivityHandler,
        sources: SourceHandler,
    ) -> None:
        self._directories = directories
        self._handler = handler
        self._activity = activity
        self._sources = sources

    @property
    def catalog(self) -> Catalog:
        return self._directories.latest().catalog

    def place(self, commands: Sequence[PlaceItem]) -> Sequence[PlacedStatus | Rejection]:
        return self._handler.place_items(commands)[0]

    def hide(self, items: Sequence[str]) -> None:
        self._handler.hide_items(items)

    def admit(self, source: str, speaker: Speaker) -> Rejection | None:
        return self._sources.admit(source, speaker)

    def say(self, submissions: Sequence[Submission]) -> Sequence[Said]:
        # Nothing is left out, and what was said once under an id is that, whatever it was.
        taken, _ = self._activity.submit(_ADMIN, submissions, thins=False)
        return [
            each.result
            if isinstance(each.result, Rejection)
            else "recorded"
            if each.result.status == "recorded"
            else "duplicate"
            for each in taken
        ]


class Tried:
    """Nothing is recorded; what would be is there for what comes next."""

    def __init__(self, engine: Engine, directories: CurrentDirectory) -> None:
        self._engine = engine
        self._directory = directories.latest()
        self.catalog = self._directory.catalog.fork(tries=True)

    def place(self, commands: Sequence[PlaceItem]) -> Sequence[PlacedStatus | Rejection]:
        events, results = place_items(commands, self.catalog, NAMESPACES)
        self._evolve(events)
        return results

    def hide(self, items: Sequence[str]) -> None:
        for item in items:
            decided = hide_item(item, self.catalog)
            self._evolve([] if isinstance(decided, Rejection) else decided)

    def admit(self, source: str, speaker: Speaker) -> Rejection | None:
        decided = admit(source, speaker, self._directory)
        return decided if isinstance(decided, Rejection) else None

    def say(self, submissions: Sequence[Submission]) -> Sequence[Said]:
        event = ledger_event.c
        streams = {device_user_stream(each.cduid) for each in submissions if each.cduid}
        query = select(event.submission_id).where(
            event.originator_id.in_(streams),
            event.submission_id.in_([each.id for each in submissions]),
        )
        with read_transaction(self._engine) as connection:
            known = set(connection.execute(query).scalars())
        return ["duplicate" if each.id in known else "recorded" for each in submissions]

    def _evolve(self, events: Sequence[CatalogEvent]) -> None:
        for event in events:
            self.catalog.evolve(event, self.catalog.version + 1, recorded_at_us=0)


def speaks_as(source: str, account: str) -> str:
    """The cduid that says what a server knows of an account, whatever it was played on."""
    return cduid_of(source, account, None)
