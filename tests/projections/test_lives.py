"""Random lives through the real ledger and projector, held against the reference model."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.rollup import BY_LEAF_MAX
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import read
from tests.helpers.answers import Told, check_answers, check_single_item, told
from tests.helpers.stage import (
    ON_A_DATABASE,
    PAGE_SIZES,
    Stage,
    emptied,
    forgotten,
    live_through,
)
from tests.helpers.tables import Dump, dump, folded, spoken_tables
from tests.reference.lives import life, lives
from tests.reference.model import Reference
from tests.reference.steps import Step
from tests.reference.world import Submission, settled_then_spoken, submissions

BY_LEAF_MAXIMA = (1, 3, BY_LEAF_MAX)
"""What is said on more leaves than these is decided at once, as on a large shelf."""

chances = st.integers(min_value=0, max_value=2**32).map(Random)
page_sizes = st.sampled_from(PAGE_SIZES)


def check(stage: Stage, chance: Random) -> None:
    with stage.reader.snapshot() as snapshot:
        reference = Reference(stage.log[: snapshot.position], moment_us=stage.now_us)
        check_single_item(snapshot, reference, chance)
        check_answers(snapshot, reference)


def check_life(stage: Stage, steps: list[Step], chance: Random, share: float) -> None:
    """Live through, looking after about that share of the pages and at the end."""
    for _ in live_through(stage, submissions(steps), chance):
        if chance.random() < share:
            check(stage, chance)
    check(stage, chance)
    assert dumped(stage.engine) == folded(stage.log)


def dumped(engine: Engine) -> Dump:
    with read_transaction(engine) as connection:
        return dump(connection)


@ON_A_DATABASE
@given(lives(30), page_sizes, st.sampled_from(BY_LEAF_MAXIMA), chances)
def test_every_answer_is_the_reference_models(
    engine: Engine, steps: list[Step], page_size: int, leaves: int, chance: Random
) -> None:
    check_life(Stage(emptied(engine), page_size, by_leaf_max=leaves), steps, chance, share=0.4)


@ON_A_DATABASE
@given(lives(30))
def test_the_ledger_holds_what_was_submitted(engine: Engine, steps: list[Step]) -> None:
    stage = Stage(emptied(engine))
    stage.submit(*submissions(steps))
    with read_transaction(engine) as connection:
        assert read(connection, 0, 1_000) == stage.log


@ON_A_DATABASE
@given(lives(30), st.lists(page_sizes, min_size=2, max_size=2, unique=True))
def test_no_table_knows_the_page_size(
    engine: Engine, steps: list[Step], page_sizes: list[int]
) -> None:
    emptied(engine)
    Stage(engine).submit(*submissions(steps))
    dumps = []
    for page_size in page_sizes:
        Stage(forgotten(engine), page_size).catch_up()
        dumps.append(dumped(engine))
    assert dumps[0] == dumps[1]


@ON_A_DATABASE
@given(lives(30), page_sizes, chances)
def test_the_order_of_arrival_does_not_matter(
    engine: Engine, steps: list[Step], page_size: int, chance: Random
) -> None:
    settled, spoken = settled_then_spoken(steps)
    shuffled = chance.sample(spoken, len(spoken))
    one = outcome(Stage(emptied(engine), page_size), [*settled, *spoken], chance)
    other = outcome(Stage(emptied(engine), page_size), [*settled, *shuffled], chance)
    assert one == other


def outcome(
    stage: Stage, submitted: list[Submission], chance: Random
) -> tuple[dict[str, Told], Dump]:
    """All that is answered in the end, without positions."""
    for _ in live_through(stage, submitted, chance):
        pass
    with stage.reader.snapshot() as snapshot:
        answers = {cduid: told(snapshot.viewer(cduid)) for cduid in snapshot.directory.device_users}
        return answers, spoken_tables(snapshot.connection)


@pytest.mark.long
@pytest.mark.parametrize("block", range(8))
def test_every_answer_is_the_reference_models_for_many_lives(engine: Engine, block: int) -> None:
    for seed in range(block * 75, (block + 1) * 75):
        chance = Random(seed)  # noqa: S311  # repeatable, not secret
        page_size, leaves = chance.choice(PAGE_SIZES), chance.choice(BY_LEAF_MAXIMA)
        stage = Stage(emptied(engine), page_size, by_leaf_max=leaves)
        check_life(stage, life(seed, 5 + seed % 70), chance, share=0.2)


@pytest.mark.long
@pytest.mark.parametrize("block", range(4))
def test_the_order_of_arrival_does_not_matter_for_many_lives(engine: Engine, block: int) -> None:
    for seed in range(block * 75, (block + 1) * 75):
        chance = Random(seed)  # noqa: S311  # repeatable, not secret
        settled, spoken = settled_then_spoken(life(seed, 5 + seed % 70))
        outcomes = []
        for _ in range(2):
            stage = Stage(emptied(engine), chance.choice(PAGE_SIZES))
            arriving = chance.sample(spoken, len(spoken))
            outcomes.append(outcome(stage, [*settled, *arriving], chance))
        assert outcomes[0] == outcomes[1], seed
