"""Ledgers filled with a lot, quickly: numbered as the recorder does it, indexed once at the end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from os import urandom
from typing import TypeVar

from sqlalchemy import Connection, Engine

from domain.policy import Policy
from infrastructure.database.engine import write_transaction
from infrastructure.ledger.digest import SALT_BYTES
from infrastructure.ledger.entries import Append, Entry, Found, Head, StreamHead
from infrastructure.ledger.numbering import Numbering, salts
from infrastructure.ledger.recorder import now_us
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.statements import statements_of
from infrastructure.projecting.projector import Projector
from infrastructure.settings.settings import Settings
from projections.driver import driver_of
from projections.read_models import METADATA
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.harness import Bench
from tests.benchmarks.mix import Mix

T = TypeVar("T")

_CHUNK = 20_000


def fill(engine: Engine, entries: Iterable[Entry]) -> None:
    """Put entries into an empty ledger."""
    indexes = sorted(ledger_event.indexes, key=lambda index: str(index.name))
    with write_transaction(engine) as connection:
        for index in indexes:
            index.drop(connection)
    head, streams = Head(0, 0, 0), dict[str, StreamHead]()
    for chunk in batches(entries, _CHUNK):
        with write_transaction(engine) as connection:
            head = _put(connection, chunk, head, streams)
    with write_transaction(engine) as connection:
        for index in indexes:
            index.create(connection)
    settle(engine)


def _put(
    connection: Connection, chunk: list[Entry], head: Head, streams: dict[str, StreamHead]
) -> Head:
    numbering = Numbering(
        head, Found(streams, {}), now_us(), salts(urandom(SALT_BYTES * len(chunk)))
    )
    numbering.take(Append(chunk))
    statements = statements_of(connection.dialect.name)
    driver = driver_of(connection)
    assert statements.insert(driver, lambda: numbering, head)
    return numbering.head


@dataclass(frozen=True, slots=True)
class Mixed:
    """A ledger that holds the mix; `events` is how many, settings and catalog with them."""

    engine: Engine
    events: int


def mixed_ledger(bench: Bench, activity_events: int) -> Mixed:
    mix = Mix()
    engine = new_ledger(bench.database)
    bench.stack.callback(engine.dispose)
    fill(engine, chain(mix.settings, islice(mix.activity(), activity_events)))
    return Mixed(engine, len(mix.settings) + activity_events)


def projector_on(engine: Engine) -> Projector:
    """A projector as the service has it if no setting says otherwise."""
    return Projector(engine, Policy(), page_size=Settings.model_fields["page_size"].default)


def unprojected(engine: Engine) -> None:
    """Leaves the read models as they are before the first event."""
    with write_transaction(engine) as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)


def settle(engine: Engine) -> None:
    """Let the database finish what it puts off, so that it isn't measured with what comes next."""
    statements = {
        "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)",),
        "postgresql": ("VACUUM ANALYZE", "CHECKPOINT"),
    }
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements[engine.dialect.name]:
            connection.exec_driver_sql(statement)


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch
