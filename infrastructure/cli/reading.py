"""Commands that read answer as of the ledger's end, whether a service runs or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import NamedTuple

import typer

from domain.decisions import unknown_device_user
from domain.rejection import Refused
from domain.viewer import Viewer
from infrastructure.cli.console import errors
from infrastructure.database.engine import read_transaction
from infrastructure.database.migrations import check_schema
from infrastructure.ledger.reader import head
from infrastructure.querying import moments
from infrastructure.querying.reader import Reader, Snapshot
from infrastructure.settings.database import engine_of
from infrastructure.settings.settings import Settings

_LONG_SECONDS = 1.0


@contextmanager
def present(settings: Settings) -> Iterator[Snapshot]:
    """The read models as of the ledger's end, projected here as far as they aren't yet.

    Raises DatabaseProblem, SettingsProblem, UnreadableEvent, RebuildDue.
    """
    engine = engine_of(settings)
    try:
        check_schema(engine)
        reader = Reader(engine)
        before, started_at = reader.position(), monotonic()
        with read_transaction(engine) as connection:
            behind = head(connection).position - before
        if behind:
            # Mostly a service has projected all, and what projects takes long to load.
            from infrastructure.bootstrap import projector_of  # noqa: PLC0415

            projector_of(settings, engine).catch_up()
        if (seconds := monotonic() - started_at) > _LONG_SECONDS:
            errors.print(
                f"The read models were {behind:,} events behind; it took {seconds:.1f} s to catch "
                "up. A running service keeps them up to date."
            )
        with reader.snapshot() as snapshot:
            yield snapshot
    finally:
        engine.dispose()


class Viewed(NamedTuple):
    """A viewer, the position that it is as of, and what it was taken from."""

    viewer: Viewer
    position: int
    snapshot: Snapshot


@contextmanager
def viewed(settings: Settings, cduid: str, as_of: int | datetime | None = None) -> Iterator[Viewed]:
    """A viewer as of the ledger's end, or of an earlier place in it (rule 22).

    Raises Refused for an unknown one, BadParameter for a position that there isn't yet, and as
    `present`.
    """
    with present(settings) as snapshot:
        if cduid not in snapshot.directory.device_users:
            raise Refused(unknown_device_user(cduid))
        if (fault := moments.beyond_end(as_of, snapshot.position)) is not None:
            raise typer.BadParameter(f"{as_of} {fault}.", param_hint="'--as-of'")
        position = snapshot.position_as_of(as_of)
        yield Viewed(snapshot.viewer_as_of(cduid, position), position, snapshot)
