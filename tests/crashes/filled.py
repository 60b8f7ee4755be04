"""Ledgers with enough in them that a process can be killed in the middle of its work."""

from itertools import chain, islice

from sqlalchemy import Engine

from domain.events import CATALOG_STREAM, ItemPlaced
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Append, Entry
from tests.benchmarks.mix import Mix

_BATCH = 1_000


def filled(engine: Engine, events: int) -> int:
    """Put a part of the usual catalog and this much activity into a ledger; its end."""
    mix, ledger = Mix(seed=1), Ledger(engine)
    entries = chain(mix.settings, islice(mix.activity(), events))
    while batch := list(islice(entries, _BATCH)):
        ledger.append([Append(batch)])
    return ledger.head().position


def more(engine: Engine, number: int) -> None:
    """Some more to project, each number once."""
    ledger = Ledger(engine)
    for each in range(50):
        item = f"movie_shelf:more-{number}-{each}"
        ledger.append([Append([Entry(CATALOG_STREAM, ItemPlaced(item=item, parent=None))])])
