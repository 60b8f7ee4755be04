"""How fast events are recorded, held against the bare inserts of the very same rows.

The bare inserts write what our append wrote, every byte of it, into the same table with the same
indexes, and commit as durably. They number nothing, look for no duplicate and compute no digest.
"""

from asyncio import Runner, gather, wrap_future
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import uvloop
from sqlalchemy import URL

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.recorder import LedgerRecorder
from infrastructure.ledger.writer import Writer
from tests.benchmarks.databases import Database, RawConnection, new_ledger
from tests.benchmarks.filling import batches
from tests.benchmarks.harness import Bench, Line, faster, ratio, seconds
from tests.benchmarks.mix import Mix

T = TypeVar("T")

_BATCH = 500
_BATCHES_A_ROUND = 10
_SINGLES_A_ROUND = 100
_CLIENTS = 64
_SINGLES_A_CLIENT = 20
_ROUNDS = 2
"""How many times the usual rounds: these are short."""

COLUMNS = (
    "position, originator_id, originator_version, topic, state, recorded_at_us, at_us,"
    ' catalog_version, submission_id, "user", item, salt, digest'
)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What our append makes of entries: in the form that the driver has it."""

    entries: list[Entry]
    rows: list[tuple[object, ...]]


def _recorded(bench: Bench, count: int) -> _Rows:
    """Entries, and the rows that our append wrote for them into a ledger of their own."""
    entries = list(islice(Mix().activity(), count))
    engine = new_ledger(bench.database)
    recorder = LedgerRecorder(engine)
    for batch in batches(entries, 5_000):
        recorder.append([Append(batch)])
    with read_transaction(engine) as connection:
        query = f"SELECT {COLUMNS} FROM ledger_event ORDER BY position"  # noqa: S608
        rows = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return _Rows(entries, rows)


def _insert_of(database: Database) -> str:
    parameters = ", ".join([database.parameter] * 13)
    return f"INSERT INTO ledger_event ({COLUMNS}) VALUES ({parameters})"  # noqa: S608


def _raw(bench: Bench) -> tuple[URL, RawConnection]:
    engine = new_ledger(bench.database)
    engine.dispose()
    return engine.url, bench.database.raw(engine.url)


def _in_batches(bench: Bench) -> float:
    rounds = bench.sizes.rounds * _ROUNDS
    made = _recorded(bench, rounds * _BATCHES_A_ROUND * _BATCH)
    recorder = LedgerRecorder(engine := new_ledger(bench.database))
    _, raw = _raw(bench)
    insert = _insert_of(bench.database)
    ours, bare = batches(made.entries, _BATCH), iter(_cut(made.rows, _BATCH))

    def append() -> None:
        for batch in islice(ours, _BATCHES_A_ROUND):
            recorder.append([Append(batch)])

    def executemany() -> None:
        for rows in islice(bare, _BATCHES_A_ROUND):
            raw.begin()
            raw.executemany(insert, rows)
            raw.commit()

    found = ratio(lambda: seconds(executemany), lambda: seconds(append), rounds)
    raw.close()
    engine.dispose()
    return found


def _cut(rows: list[tuple[object, ...]], size: int) -> Iterator[list[tuple[object, ...]]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _one_by_one(bench: Bench) -> float:
    rounds = bench.sizes.rounds * _ROUNDS
    made = _recorded(bench, rounds * _SINGLES_A_ROUND)
    recorder = LedgerRecorder(engine := new_ledger(bench.database))
    _, raw = _raw(bench)
    entries, rows, insert = iter(made.entries), iter(made.rows), _insert_of(bench.database)

    def append() -> None:
        for entry in islice(entries, _SINGLES_A_ROUND):
            recorder.append([Append([entry])])

    def bare() -> None:
        for row in islice(rows, _SINGLES_A_ROUND):
            _insert_one(raw, insert, row)

    found = ratio(lambda: seconds(bare), lambda: seconds(append), rounds)
    raw.close()
    engine.dispose()
    return found


def _insert_one(raw: RawConnection, insert: str, row: tuple[object, ...]) -> None:
    raw.begin()
    raw.execute(insert, row)
    raw.commit()


def _from_many_clients(bench: Bench) -> float:
    rounds = bench.sizes.rounds
    made = _recorded(bench, rounds * _CLIENTS * _SINGLES_A_CLIENT)
    engine = new_ledger(bench.database)
    url, first = _raw(bench)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        raws = [first, *(bench.database.raw(url) for _ in range(_CLIENTS - 1))]
        for raw in raws:
            stack.callback(raw.close)
        writer = Writer(LedgerRecorder(engine).append)
        stack.callback(writer.close)
        clients = stack.enter_context(ThreadPoolExecutor(_CLIENTS))
        entries, rows = _turns(made.entries), _turns(made.rows)
        insert = _insert_of(bench.database)

        async def append(entry: Entry) -> None:
            await wrap_future(writer.submit(Append([entry])))

        def bare(client: int, row: tuple[object, ...]) -> None:
            _insert_one(raws[client], insert, row)

        # As the service has its clients: in the loop of one thread.
        runner = stack.enter_context(Runner(loop_factory=uvloop.new_event_loop))
        return ratio(
            lambda: seconds(lambda: _at_once(clients, bare, next(rows))),
            lambda: seconds(lambda: runner.run(_at_once_in_loop(append, next(entries)))),
            rounds,
        )


def _turns(all_of: list[T]) -> Iterator[list[T]]:
    size = _CLIENTS * _SINGLES_A_CLIENT
    return (all_of[at : at + size] for at in range(0, len(all_of), size))


def _at_once(clients: ThreadPoolExecutor, do: Callable[[int, T], None], turn: list[T]) -> None:
    """Each client does its part of a turn, one after the other, all clients at once."""

    def act(client: int) -> None:
        for each in turn[client::_CLIENTS]:
            do(client, each)

    list(clients.map(act, range(_CLIENTS)))


async def _at_once_in_loop(do: Callable[[T], Awaitable[None]], turn: list[T]) -> None:
    async def act(client: int) -> None:
        for each in turn[client::_CLIENTS]:
            await do(each)

    await gather(*map(act, range(_CLIENTS)))


LINES: tuple[Line, ...] = (
    faster("append, 500 a batch", _in_batches, sqlite=0.6, postgresql=0.9),
    faster("append, 1 at a time", _one_by_one, sqlite=0.5, postgresql=0.5),
    faster("append, 64 clients, 1 at a time", _from_many_clients, postgresql=3.0),
)
