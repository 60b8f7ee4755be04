"""The library's own test case for recorders, on both databases."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.tests.persistence import ApplicationRecorderTestCase
from sqlalchemy import Engine

from infrastructure.ledger.recorder import LedgerRecorder


class Contract(ApplicationRecorderTestCase[LedgerRecorder]):
    __test__ = False
    engine: Engine

    @pytest.fixture(autouse=True)
    def _on_a_fresh_ledger(self, engine: Engine) -> Iterator[None]:
        self.engine = engine
        before = set(threading.enumerate())
        yield
        # The library's tests tell their readers to stop, and don't wait for it.
        for thread in set(threading.enumerate()) - before:
            thread.join(10)

    def new_originator_id(self) -> str:
        return str(uuid4())

    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.engine)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestOnSqlite(Contract):
    __test__ = True

    @pytest.fixture
    def backend(self) -> str:
        return "sqlite"


class TestOnPostgresql(Contract):
    __test__ = True

    @pytest.fixture
    def backend(self) -> str:
        return "postgresql"
