"""A checkpoint that was kept elsewhere finds what a thorough forger has changed."""

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine

from infrastructure.database.engine import read_transaction
from infrastructure.operations.verifying.checkpoint import (
    Checkpoint,
    checkpoint_fault,
    take_checkpoint,
)
from tests.helpers.spoiling import chain_anew, change, execute, row_at
from tests.helpers.stage import Stage
from tests.helpers.wholeness import faults
from tests.reference.examples import ALIEN, E1, E2, E3, PHONE, TV, put
from tests.reference.steps import Watch


@pytest.fixture
def stage(engine: Engine) -> Stage:
    stage = Stage(engine)
    stage.tell(*put(E1, E2, E3), Watch(TV, E1), Watch(PHONE, E2), Watch(TV, E3))
    return stage


def taken(engine: Engine, upto: int | None = None) -> Checkpoint:
    with read_transaction(engine) as connection:
        return take_checkpoint(connection, upto)


def fault(engine: Engine, kept: Checkpoint) -> str | None:
    with read_transaction(engine) as connection:
        return checkpoint_fault(connection, kept)


def test_a_ledger_that_went_on_still_fits_its_checkpoint(stage: Stage) -> None:
    kept = taken(stage.engine)
    assert kept.position == len(stage.log)
    stage.tell(*put(ALIEN), Watch(TV, ALIEN))
    assert fault(stage.engine, kept) is None
    assert taken(stage.engine, kept.position) == kept
    assert taken(stage.engine) != kept


def test_an_empty_ledger_has_a_checkpoint(engine: Engine) -> None:
    kept = taken(engine)
    assert kept.position == 0
    Stage(engine).tell(*put(E1))
    assert fault(engine, kept) is None


def test_a_past_that_was_chained_anew_is_found_by_the_checkpoint_alone(stage: Stage) -> None:
    kept = taken(stage.engine)
    position = next(r.position for r in stage.log if r.cduid == TV and r.submission_id)
    state = row_at(stage.engine, position).state.replace(b"ex1e1", b"ex1e3")
    change(stage.engine, position, state=state, item=E3)
    chain_anew(stage.engine)
    assert not [each for each in faults(stage.engine) if each.startswith("Event")]
    assert fault(stage.engine, kept) == (
        f"The first {kept.position} events aren't those of the checkpoint: "
        "one was changed, removed or inserted since."
    )


def test_a_ledger_that_was_cut_short_is_found_by_the_checkpoint(stage: Stage) -> None:
    kept, end = taken(stage.engine), len(stage.log)
    execute(
        stage.engine,
        f"DELETE FROM ledger_event WHERE position = {end}",  # noqa: S608
        f"UPDATE ledger_head SET position = {end - 1}",  # noqa: S608
    )
    assert fault(stage.engine, kept) == (
        f"The checkpoint is of {end} events, the ledger has only {end - 1}."
    )


def test_another_ledger_is_found_by_the_checkpoint(stage: Stage) -> None:
    kept = taken(stage.engine)
    change(stage.engine, 1, digest=bytes(32))
    found = fault(stage.engine, kept)
    assert found is not None
    assert "aren't those of the checkpoint" in found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        '{"position": -1, "digest": "' + "0" * 64 + '"}',
        '{"position": 1, "digest": "short"}',
        '{"format": "another", "position": 1, "digest": "' + "0" * 64 + '"}',
    ],
)
def test_what_is_no_checkpoint_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValidationError):
        Checkpoint.model_validate_json(text)
