"""Histories, reasons and looking back (rules 20 to 22), held against the reference model."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.events import EVENT_CLASSES, Recorded
from domain.viewer import Viewer
from infrastructure.querying.history import PageEnd, Question, history
from infrastructure.querying.reader import Snapshot
from infrastructure.querying.why import Reasons, Why
from tests.helpers.answers import check_viewer
from tests.helpers.stage import ON_A_DATABASE, Stage, emptied
from tests.reference import model
from tests.reference.examples import ALIEN, E1, E2, PHONE, SEASON, SHOW, TV, put
from tests.reference.facts import item_of, order
from tests.reference.lives import LEAVES, a_step, life, lives
from tests.reference.model import Reference
from tests.reference.steps import Step, Watch
from tests.reference.universe import GHOSTS, ITEMS
from tests.reference.world import submissions

UNBOUNDED = 10_000
chances = st.integers(min_value=0, max_value=2**32).map(Random)


def asked(reference: Reference, chance: Random) -> Question:
    """Anything that can be asked: half of the filters are left out."""
    log = reference.log
    some = {
        "streams": reference.streams(chance.choice(("ann", "bob", "nobody"))),
        "item": chance.choice((*ITEMS, *GHOSTS)),
        "under": chance.choice(("show:expanse", "season:ex1", "movie_shelf:films", *ITEMS)),
        "topics": tuple(each.topic for each in chance.sample(EVENT_CLASSES, 4)),
        "since_us": chance.choice(log).at_us if log else 0,
        "until_us": chance.choice(log).at_us if log else 0,
        "from_position": chance.randrange(len(log) + 2),
    }
    kept = {name: value for name, value in some.items() if chance.random() < 0.25}
    return Question(upto=len(log), is_newest_first=chance.random() < 0.5, **kept)  # type: ignore[arg-type]


def meets(question: Question, recorded: Recorded) -> bool:
    """What a question asks besides whose event it is and about what."""
    return (
        (question.streams is None or recorded.stream in question.streams)
        and (question.topics is None or type(recorded.event).topic in question.topics)
        and (question.since_us is None or question.since_us <= recorded.at_us)
        and (question.until_us is None or recorded.at_us < question.until_us)
        and (question.from_position is None or question.from_position <= recorded.position)
    )


def expected(
    reference: Reference, question: Question, cduid: str | None = None, *, group: bool = False
) -> list[Recorded]:
    positions = reference.history(
        cduid,
        group=group,
        item=question.item,
        under=question.under,
        where=lambda recorded: meets(question, recorded),
    )
    found = [recorded for recorded in reference.log if recorded.position in positions]
    return sorted(found, key=order, reverse=question.is_newest_first)


def pages(
    snapshot: Callable[[], Snapshot], question: Question, limit: int
) -> Iterator[list[Recorded]]:
    """A history page by page, each from a cursor."""
    after: PageEnd | None = None
    while True:
        now = snapshot()
        page = history(now.connection, now.directory.catalog, replace(question, after=after), limit)
        yield page
        if len(page) < limit:
            return
        after = PageEnd(page[-1].at_us, page[-1].position)


def check_histories(snapshot: Snapshot, reference: Reference, chance: Random) -> None:
    question, limit = asked(reference, chance), chance.randint(1, 7)
    found = [each for page in pages(lambda: snapshot, question, limit) for each in page]
    assert found == expected(reference, question), question
    for cduid in reference.users:
        group = chance.random() < 0.5
        viewer = snapshot.viewer(cduid)
        whose = replace(question, cduids=viewer.cduids if group else (cduid,))
        own = history(
            snapshot.connection, viewer.catalog, whose, UNBOUNDED, is_allowed(viewer, question)
        )
        assert own == expected(reference, question, cduid, group=group), (whose, cduid)


def is_allowed(viewer: Viewer, question: Question) -> Callable[[Recorded], bool]:
    """Nothing on what the viewer may not see, and no answer to a question about it (rule 15)."""

    def allowed(recorded: Recorded) -> bool:
        return all(
            viewer.may_see(item) for item in (question.item, item_of(recorded)) if item is not None
        )

    return allowed


def check_reasons(snapshot: Snapshot, stage: Stage, reference: Reference) -> None:
    for cduid in reference.users:
        viewer = snapshot.viewer(cduid)
        for leaf in LEAVES:
            if viewer.sees(leaf):
                asked = Why(snapshot.connection, viewer, stage.policy, snapshot.position, UNBOUNDED)
                assert as_reference(asked.of(leaf)) == reference.why(cduid, leaf)


def as_reference(reasons: Reasons) -> model.Why:
    completions = [
        model.Judged(each.event.position, each.verdict.value) for each in reasons.completions
    ]
    return model.Why(
        reasons.decider, reasons.overruled, reasons.in_progress, reasons.ended_by, completions
    )


def check_as_of(snapshot: Snapshot, reference: Reference, position: int) -> None:
    then = reference.as_of(position)
    for cduid in reference.users:
        check_viewer(snapshot.viewer_as_of(cduid, position), then)


@ON_A_DATABASE
@given(lives(30), chances)
def test_histories_reasons_and_as_of_are_the_reference_models(
    engine: Engine, steps: list[Step], chance: Random
) -> None:
    stage = Stage(emptied(engine))
    stage.submit(*submissions(steps))
    stage.catch_up()
    check_audit(stage, chance)


def check_audit(stage: Stage, chance: Random) -> None:
    with stage.reader.snapshot() as snapshot:
        reference = Reference(stage.log, moment_us=stage.now_us)
        for _ in range(5):
            check_histories(snapshot, reference, chance)
        check_reasons(snapshot, stage, reference)
        check_as_of(snapshot, reference, chance.randint(0, len(reference.log)))


@ON_A_DATABASE
@given(lives(20), st.lists(a_step(), max_size=20), chances)
def test_pages_neither_repeat_nor_miss_anything_while_events_come_in(
    engine: Engine, steps: list[Step], later: list[Step], chance: Random
) -> None:
    stage = Stage(emptied(engine))
    stage.tell(*steps)
    question = replace(asked(Reference(stage.log), chance), item=None, under=None)
    wanted = expected(Reference(stage.log), question)
    found: list[Recorded] = []
    with stage.reader.snapshot() as snapshot:
        first = history(snapshot.connection, snapshot.directory.catalog, question, 3)
    found += first
    while len(first) == 3:
        stage.tell(*later[:2])
        later = later[2:]
        after = replace(question, after=PageEnd(found[-1].at_us, found[-1].position))
        with stage.reader.snapshot() as snapshot:
            first = history(snapshot.connection, snapshot.directory.catalog, after, 3)
        found += first
    assert found == wanted


def test_a_history_of_an_item_names_what_was_said_of_its_season_then(engine: Engine) -> None:
    stage = Stage(engine)
    stage.tell(*put(E1), Watch(TV, SEASON), *put(E2), Watch(PHONE, SHOW), Watch(TV, ALIEN))
    with stage.reader.snapshot() as snapshot:
        asked_of = [
            [
                (recorded.cduid, item_of(recorded))
                for recorded in history(
                    snapshot.connection,
                    snapshot.directory.catalog,
                    Question(upto=snapshot.position, item=episode, is_newest_first=False),
                    UNBOUNDED,
                )
            ]
            for episode in (E1, E2)
        ]
    assert asked_of == [
        [(None, E1), (TV, SEASON), (PHONE, SHOW)],
        [(None, E2), (PHONE, SHOW)],
    ]


@pytest.mark.long
@pytest.mark.parametrize("block", range(4))
def test_the_audit_is_the_reference_models_for_many_lives(engine: Engine, block: int) -> None:
    for seed in range(block * 75, (block + 1) * 75):
        stage = Stage(emptied(engine))
        stage.submit(*submissions(life(seed, 5 + seed % 70)))
        stage.catch_up()
        check_audit(stage, Random(seed))  # noqa: S311  # repeatable, not secret
