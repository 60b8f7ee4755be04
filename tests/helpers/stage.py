"""A real ledger and its read models on a real database, which can be emptied for the next life."""

from collections.abc import Iterable, Iterator
from random import Random

from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from domain.events import Recorded
from domain.policy import Policy
from domain.rollup import BY_LEAF_MAX
from infrastructure.database.engine import write_transaction
from infrastructure.ledger.entries import Answer, Append, Entry
from infrastructure.ledger.reader import REPLAY_PAGE
from infrastructure.ledger.recorder import LedgerRecorder
from infrastructure.projecting.projector import Projector
from infrastructure.querying.reader import Reader
from projections.read_models import METADATA
from tests.reference.steps import Step
from tests.reference.world import Submission, World, record

PAGE_SIZES = (1, 3, 7, 40, 1_000)

ON_A_DATABASE = settings(
    max_examples=25,
    # Every example empties the test's database first.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Stage:
    """What is submitted goes to the ledger at the time that it says; `log` is what it should hold.

    Read models stay as they are until `page` or `catch_up`.
    """

    def __init__(
        self,
        engine: Engine,
        page_size: int = 1_000,
        policy: Policy | None = None,
        by_leaf_max: int = BY_LEAF_MAX,
    ) -> None:
        self.engine = engine
        self.policy = policy or Policy()
        self.world = World()
        self.submitted: list[Submission] = []
        self.page_size = page_size
        self.by_leaf_max = by_leaf_max
        self.now_us = 0
        self._ledger = LedgerRecorder(engine, lambda: self.now_us)
        self.reader = Reader(engine, clock_us=lambda: self.now_us)
        self.projector = self.new_projector()

    @property
    def log(self) -> list[Recorded]:
        return record(self.submitted)

    def new_projector(self) -> Projector:
        return Projector(
            self.engine, self.policy, page_size=self.page_size, by_leaf_max=self.by_leaf_max
        )

    def tell(self, *steps: Step) -> None:
        """Live on, and let the read models follow."""
        for step in steps:
            self.submit(self.world.submit(step))
        self.catch_up()

    def submit(self, *submissions: Submission) -> None:
        for submission in submissions:
            self.submitted.append(submission)
            self._append(submission)

    def _append(self, submission: Submission) -> list[Answer]:
        self.now_us = submission.now_us
        entries = [Entry(*entry) for entry in submission.entries]
        return self._ledger.append([Append(entries)]) if entries else []

    def catch_up(self) -> None:
        self.projector.catch_up()

    def page(self) -> bool:
        """Project one page; False if there is none."""
        return self.projector.project_page()


def project_all(engine: Engine, policy: Policy | None = None) -> None:
    """Project all there is."""
    Projector(engine, policy or Policy(), page_size=REPLAY_PAGE).catch_up()


def emptied(engine: Engine) -> Engine:
    """The database as it was before anything happened."""
    with write_transaction(forgotten(engine)) as connection:
        connection.exec_driver_sql("DELETE FROM ledger_event")
        connection.exec_driver_sql(
            "UPDATE ledger_head SET position = 0, catalog_version = 0, recorded_at_us = 0"
        )
    return engine


def forgotten(engine: Engine) -> Engine:
    """The ledger as it is, before anything was projected."""
    with write_transaction(engine) as connection:
        for table in METADATA.tables.values():
            connection.execute(table.delete())
    return engine


def live_through(stage: Stage, submissions: Iterable[Submission], chance: Random) -> Iterator[None]:
    """Project while a life goes on: yields after every page.

    Two projectors take turns as chance has it, and now and then one of them dies and another comes.
    """
    projectors = [stage.new_projector(), stage.new_projector()]
    for submission in submissions:
        stage.submit(submission)
        if chance.random() < 0.4:
            yield from _catch_up(stage, projectors, chance)
    yield from _catch_up(stage, projectors, chance)


def _catch_up(stage: Stage, projectors: list[Projector], chance: Random) -> Iterator[None]:
    progressed = True
    while progressed:
        if chance.random() < 0.04:
            projectors[chance.randrange(2)] = stage.new_projector()
        stage.projector = chance.choice(projectors)
        if progressed := stage.page():
            yield
