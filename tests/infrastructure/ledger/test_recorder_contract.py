"""The library's own test case for recorders, on both databases."""

from uuid import uuid4

import pytest
from eventsourcing.tests.persistence import ApplicationRecorderTestCase
from sqlalchemy import Engine

from infrastructure.ledger.recorder import LedgerRecorder


class Contract(ApplicationRecorderTestCase[LedgerRecorder]):
    __test__ = False
    engine: Engine

    @pytest.fixture(autouse=True)
    def _on_a_fresh_ledger(self, engine: Engine) -> None:
        self.engine = engine

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
