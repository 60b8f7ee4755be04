"""A ledger on each database, with a clock that the test sets."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from infrastructure.ledger.application import Ledger


@dataclass
class Clock:
    now_us: int = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(engine: Engine, clock: Clock) -> Ledger:
    return Ledger(engine, clock)
