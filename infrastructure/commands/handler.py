"""The command handler: what is decided of the catalog, device users and access, and its recording.

Every decision is made on the directory as of the ledger's end; where that has gone on before the
decision is recorded, it is made again.
"""

from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import NamedTuple, TypeVar

from sqlalchemy import Engine, bindparam, func, select

from domain import decisions, linking, placing
from domain.access import unmatched
from domain.commands import LinkItems, PatchDeviceUser, PlaceItem, PutAccess, PutDeviceUser
from domain.directory import Directory
from domain.events import (
    CATALOG_STREAM,
    DeviceUserEvent,
    Event,
    TokenIssued,
    device_user_stream,
    user_stream,
)
from domain.external_ids import NAMESPACES
from domain.references import Reference
from domain.rejection import Refused, Rejection
from domain.resolving import Resolver
from domain.standing_in import Shelving, stand_in_all
from infrastructure.commands.tokens import hash_of, new_device_token
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.writer import Writer, WriterBusy

_ATTEMPTS = 20
_VERSION = select(func.max(ledger_event.c.originator_version)).where(
    ledger_event.c.originator_id == bindparam("stream")
)

Decided = TypeVar("Decided", bound=Sequence[Event])


class Reached(NamedTuple):
    """How far the ledger and the stream that was written to have come."""

    position: int
    version: int


class CommandHandler:
    """Takes commands from any thread. `namespaces` are those whose ids link items (rule 24)."""

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        directories: CurrentDirectory,
        namespaces: Collection[str] = NAMESPACES,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._directories = directories
        self._namespaces = namespaces
        self._deciding = Lock()

    def place_items(
        self, commands: Sequence[PlaceItem]
    ) -> tuple[list[placing.PlacedStatus | Rejection], Reached]:
        """What became of each item, in order."""
        results: list[placing.PlacedStatus | Rejection] = []

        def decide(directory: Directory) -> Sequence[Event]:
            catalog = directory.catalog
            events, results[:] = placing.place_items(commands, catalog, self._namespaces)
            return events

        reached, _ = self._record(CATALOG_STREAM, decide)
        return results, reached

    def stand_in(
        self, references: Sequence[Reference], shelving: Shelving
    ) -> list[str | Rejection]:
        """The item of each reference in order, placed if it had to be."""
        items: list[str | Rejection] = []

        def decide(directory: Directory) -> Sequence[Event]:
            events, items[:] = stand_in_all(references, directory.catalog, shelving)
            return events

        self._record(CATALOG_STREAM, decide)
        return items

    def hide_stand_in(self, reference: Reference) -> str | Rejection:
        """Hides what stands in for what a reference means, and leaves what a library lists."""
        found: list[str | Rejection] = []

        def decide(directory: Directory) -> Sequence[Event]:
            catalog = directory.catalog
            found[:] = [item := Resolver(catalog).resolve(reference)]
            if isinstance(item, Rejection) or not catalog.nodes[item].stands_in:
                return []
            hidden = placing.hide_item(item, catalog)
            return [] if isinstance(hidden, Rejection) else hidden

        self._record(CATALOG_STREAM, decide)
        return found[0]

    def link_items(
        self, commands: Sequence[LinkItems]
    ) -> tuple[list[linking.LinkedStatus | Rejection], Reached]:
        """What became of each link, in order."""
        results: list[linking.LinkedStatus | Rejection] = []

        def decide(directory: Directory) -> Sequence[Event]:
            events, results[:] = linking.link_items(commands, directory.catalog)
            return events

        reached, _ = self._record(CATALOG_STREAM, decide)
        return results, reached

    def unlink_item(self, item: str) -> Reached:
        """Raises Refused for an unknown item."""
        return self._record(CATALOG_STREAM, lambda now: linking.unlink_item(item, now.catalog))[0]

    def hide_item(self, item: str) -> Reached:
        """Raises Refused for an unknown item."""
        return self._record(CATALOG_STREAM, lambda now: placing.hide_item(item, now.catalog))[0]

    def hide_items(self, items: Sequence[str]) -> Reached:
        """All of them or, raising Refused for an unknown one, none."""

        def decide(directory: Directory) -> Sequence[Event] | Rejection:
            events: list[Event] = []
            for item in items:
                decided = placing.hide_item(item, directory.catalog)
                if isinstance(decided, Rejection):
                    return decided
                events += decided
            return events

        return self._record(CATALOG_STREAM, decide)[0]

    def restore_item(self, item: str) -> Reached:
        """Raises Refused for an unknown item."""
        return self._record(CATALOG_STREAM, lambda now: placing.restore_item(item, now.catalog))[0]

    def put_device_user(self, cduid: str, command: PutDeviceUser) -> tuple[Reached, str | None]:
        """The token is there if the device user is new. Raises Refused if it would change hands."""
        token = new_device_token(cduid)
        reached, events = self._record(
            device_user_stream(cduid),
            lambda now: decisions.put_device_user(cduid, command, now, hash_of(token)),
            user=command.user,
        )
        is_new = any(isinstance(event, TokenIssued) for event in events)
        return reached, token if is_new else None

    def register_without_token(self, cduid: str, command: PutDeviceUser) -> Reached:
        """Registers whom only the ledger itself speaks for. Raises Refused as `put_device_user`."""

        def decide(directory: Directory) -> Sequence[DeviceUserEvent] | Rejection:
            unused = hash_of(new_device_token(cduid))
            decided = decisions.put_device_user(cduid, command, directory, unused)
            if isinstance(decided, Rejection):
                return decided
            return [event for event in decided if not isinstance(event, TokenIssued)]

        return self._record(device_user_stream(cduid), decide, user=command.user)[0]

    def directory(self) -> Directory:
        """The directory as of the ledger's end."""
        return self._directories.latest()

    def patch_device_user(self, cduid: str, command: PatchDeviceUser) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._change(cduid, lambda now: decisions.patch_device_user(cduid, command, now))

    def rotate_token(self, cduid: str) -> tuple[Reached, str]:
        """Raises Refused for an unknown device user."""
        token = new_device_token(cduid)
        reached = self._change(cduid, lambda now: decisions.issue_token(cduid, hash_of(token), now))
        return reached, token

    def revoke_token(self, cduid: str) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._change(cduid, lambda now: decisions.revoke_token(cduid, now))

    def reassign(self, cduid: str, user: str) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._record(
            device_user_stream(cduid),
            lambda now: decisions.reassign(cduid, user, now),
            user=user,
        )[0]

    def retire(self, cduid: str) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._change(cduid, lambda now: decisions.retire(cduid, now))

    def reinstate(self, cduid: str) -> tuple[Reached, str | None]:
        """The token is there if it was retired. Raises Refused for an unknown device user."""
        token = new_device_token(cduid)
        reached, events = self._change_by(
            cduid, lambda now: decisions.reinstate(cduid, hash_of(token), now)
        )
        return reached, token if events else None

    def put_access(self, user: str, command: PutAccess) -> tuple[Reached, list[str]]:
        """How far it came, and what the limits name that isn't in the catalog."""
        reached, _ = self._record(
            user_stream(user), lambda now: decisions.put_access(user, command, now), user=user
        )
        now = self._directories.latest()
        return reached, unmatched(now.access(user), now.catalog)

    def _change(
        self, cduid: str, decide: Callable[[Directory], list[DeviceUserEvent] | Rejection]
    ) -> Reached:
        return self._change_by(cduid, decide)[0]

    def _change_by(
        self, cduid: str, decide: Callable[[Directory], list[DeviceUserEvent] | Rejection]
    ) -> tuple[Reached, list[DeviceUserEvent]]:
        known = self._directories.latest().device_users.get(cduid)
        user = known.user if known else None  # of an unknown one nothing will be recorded
        return self._record(device_user_stream(cduid), decide, user=user)

    def _record(
        self,
        stream: str,
        decide: Callable[[Directory], Decided | Rejection],
        *,
        user: str | None = None,
    ) -> tuple[Reached, Decided]:
        """Has decided events recorded; decides again as long as the stream goes on meanwhile."""
        with self._deciding:
            for _ in range(_ATTEMPTS):
                # The version before the state: what comes between makes it stale, and isn't missed.
                version = self._version(stream)
                decided = decide(self._directories.latest())
                if isinstance(decided, Rejection):
                    raise Refused(decided)
                append = Append(
                    [Entry(stream, event, user=user) for event in decided],
                    {stream: version} if decided else {},
                )
                answer = self._writer.submit(append).result()
                if not answer.is_stale:
                    return Reached(answer.position, version + len(decided)), decided
        raise WriterBusy("Others keep changing the same thing. Send it again later.")

    def _version(self, stream: str) -> int:
        with read_transaction(self._engine) as connection:
            return connection.execute(_VERSION, {"stream": stream}).scalar_one() or 0
