"""The ledger as the library knows it: an application with its own mapper and recorder."""

from collections.abc import Callable, Sequence
from typing import Any, Never

from eventsourcing.application import Application
from eventsourcing.persistence import (
    InfrastructureFactory,
    Mapper,
    NotSupportedError,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from sqlalchemy import Engine

from domain.events import Recorded
from infrastructure.database.engine import read_transaction
from infrastructure.ledger import reader
from infrastructure.ledger.entries import Answer, Append, Head
from infrastructure.ledger.mapper import LedgerMapper
from infrastructure.ledger.recorder import LedgerRecorder, now_us


class _Factory(InfrastructureFactory[TrackingRecorder]):
    """Makes the one recorder there is: projections keep their own bookmarks, not the library's."""

    def __init__(self, env: Environment, recorder: LedgerRecorder) -> None:
        super().__init__(env)
        self._recorder = recorder

    def application_recorder(self) -> LedgerRecorder:
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> Never:
        raise NotSupportedError(f"the ledger keeps no {purpose} of aggregates")

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> Never:  # noqa: ARG002
        raise NotSupportedError("projections keep their own bookmarks")

    def process_recorder(self) -> Never:
        raise NotSupportedError("projections keep their own bookmarks")


class Ledger(Application[str]):
    """The ledger on an engine, which stays the caller's to dispose of."""

    name = "ledger"

    def __init__(self, engine: Engine, clock_us: Callable[[], int] = now_us) -> None:
        self.engine = engine
        self.ledger_recorder = LedgerRecorder(engine, clock_us)
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # The process's environment is left out: the library's own settings aren't ours.
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:
        return _Factory(env, self.ledger_recorder)

    def construct_mapper(self) -> Mapper[str]:
        return LedgerMapper()

    def append(self, appends: Sequence[Append]) -> list[Answer]:
        """Records a batch in one transaction: see `LedgerRecorder.append`."""
        return self.ledger_recorder.append(appends)

    def check(self) -> None:
        """Raises DatabaseProblem where nothing can be recorded."""
        self.ledger_recorder.check()

    def read(self, after: int, limit: int) -> list[Recorded]:
        """The next events after a position. Raises UnreadableEvent, DatabaseProblem."""
        with read_transaction(self.engine) as connection:
            return reader.read(connection, after, limit)

    def head(self) -> Head:
        """Where the ledger ends. Raises DatabaseProblem."""
        with read_transaction(self.engine) as connection:
            return reader.head(connection)
