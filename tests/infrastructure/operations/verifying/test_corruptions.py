"""Whatever is changed by hand in the database, verify finds and names."""

import pytest
from sqlalchemy import Engine

from tests.helpers.spoiling import (
    chain_anew,
    change,
    digest_of,
    execute,
    previous_digest,
    row_at,
    swap,
)
from tests.helpers.stage import Stage
from tests.helpers.wholeness import everything, faults
from tests.reference.examples import ALIEN, BOB, E1, E2, E3, PHONE, SHOW, TV, put
from tests.reference.steps import Progress, Watch


@pytest.fixture
def stage(engine: Engine) -> Stage:
    """Ann has seen half a show on two devices, Bob began a movie; Ann's last event is the last."""
    stage = Stage(engine)
    stage.tell(
        *put(E1, E2, E3, ALIEN),
        Watch(TV, E1),
        Watch(PHONE, E2),
        Progress(BOB, ALIEN, played_seconds=300.0),
        Progress(BOB, ALIEN),
    )
    stage.tell(Watch(TV, E3), Watch(TV, ALIEN))
    return stage


def told(engine: Engine) -> str:
    return "\n".join(faults(engine))


def position_of(stage: Stage, cduid: str, item: str) -> int:
    return next(
        r.position for r in stage.log if (r.cduid, getattr(r.event, "item", "")) == (cduid, item)
    )


def test_nothing_is_found_where_nothing_was_changed(stage: Stage) -> None:
    assert faults(stage.engine) == []


# The ledger.


def test_a_deleted_event_is_found(stage: Stage) -> None:
    position = position_of(stage, PHONE, E2)
    execute(stage.engine, f"DELETE FROM ledger_event WHERE position = {position}")  # noqa: S608
    assert f"Event {position} is missing before event {position + 1}." in told(stage.engine)


def test_several_deleted_events_are_found(stage: Stage) -> None:
    execute(stage.engine, "DELETE FROM ledger_event WHERE position BETWEEN 3 AND 5")
    assert "Events 3 to 5 are missing before event 6." in told(stage.engine)


def test_a_deleted_last_event_is_found(stage: Stage) -> None:
    end = len(stage.log)
    execute(stage.engine, f"DELETE FROM ledger_event WHERE position = {end}")  # noqa: S608
    assert f"The ledger's head says position {end}, but the last event there is has {end - 1}." in (
        told(stage.engine)
    )


def test_two_events_that_changed_places_are_found(stage: Stage) -> None:
    first, second = position_of(stage, TV, E1), position_of(stage, TV, E3)
    swap(stage.engine, first, second)
    found = told(stage.engine)
    assert (
        f"Event {first} (cduid:{TV}, version 3): version 2 of its stream should come here." in found
    )
    assert f"Event {second} (cduid:{TV}, version 2): its digest doesn't fit" in found


def test_two_events_of_different_streams_that_changed_places_are_found(stage: Stage) -> None:
    first, second = position_of(stage, TV, E1), position_of(stage, PHONE, E2)
    swap(stage.engine, first, second)
    found = told(stage.engine)
    assert f"Event {first} (cduid:{PHONE}, " in found
    assert f"Event {second} (cduid:{TV}, " in found


def test_an_edited_payload_is_found(stage: Stage) -> None:
    position = position_of(stage, TV, E1)
    state = row_at(stage.engine, position).state.replace(b"ex1e1", b"ex1e3")
    change(stage.engine, position, state=state, item=E3)
    where = f"Event {position} (cduid:{TV}, version 2)"
    assert f"{where}: its digest doesn't fit: it, or the one before it" in told(stage.engine)


def test_an_edited_payload_is_found_though_its_digest_was_made_anew(stage: Stage) -> None:
    position = position_of(stage, TV, E1)
    row = row_at(stage.engine, position)
    row = row._replace(state=row.state.replace(b"ex1e1", b"ex1e3"))
    digest = digest_of(row, previous_digest(stage.engine, row))
    change(stage.engine, position, state=row.state, item=E3, digest=digest)
    next_one = position_of(stage, TV, E3)
    found = told(stage.engine)
    assert f"Event {position} " not in found
    assert f"Event {next_one} (cduid:{TV}, version 3): its digest doesn't fit" in found


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"item": E3}, f"its column says item {E3}, the event itself says otherwise."),
        ({"at_us": 5}, "its column at_us isn't what follows from the event."),
        ({"user": "eve"}, "its digest doesn't fit"),
        ({"recorded_at_us": 5}, "it was recorded before the event that stands before it."),
        ({"catalog_version": 1}, "the catalog wasn't at version 1 then."),
        ({"originator_version": 9}, "version 2 of its stream should come here."),
        ({"submission_id": None}, "activity has a submission id and nothing else has one"),
        ({"topic": "item_unwatched.v1"}, "its digest doesn't fit"),
        ({"topic": "nonsense.v1"}, "it can't be read"),
        ({"state": b"{"}, "it can't be read"),
        ({"salt": bytes(16)}, "its digest doesn't fit"),
        ({"digest": bytes(32)}, "its digest doesn't fit"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_a_changed_column_is_found(stage: Stage, columns: dict[str, object], named: str) -> None:
    position = position_of(stage, TV, E1)
    change(stage.engine, position, **columns)
    found = [fault for fault in faults(stage.engine) if fault.startswith(f"Event {position} ")]
    assert any(named in fault for fault in found), found


def test_a_submission_that_is_there_twice_is_found(stage: Stage) -> None:
    first, second = position_of(stage, TV, E1), position_of(stage, TV, E3)
    execute(stage.engine, "DROP INDEX ledger_event_submission")
    submission_id = stage.log[first - 1].submission_id
    change(stage.engine, second, submission_id=submission_id)
    chain_anew(stage.engine)
    [fault] = [each for each in faults(stage.engine) if each.startswith("Submission")]
    assert fault == f"Submission {submission_id} of cduid:{TV} is recorded 2 times."


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ("position = 7", "The ledger's head says position 7, but the last event there is has"),
        ("catalog_version = 1", "The ledger's head says catalog version 1, but its events come to"),
        ("recorded_at_us = 5", "The ledger's head says that its last event was recorded at 5"),
    ],
)
def test_a_changed_head_is_found(stage: Stage, changed: str, named: str) -> None:
    execute(stage.engine, f"UPDATE ledger_head SET {changed}")  # noqa: S608
    assert named in told(stage.engine)


# The read models.


def spoilt_rows() -> dict[str, tuple[str, str]]:
    """For each table a change by hand, and what is said of it."""
    return {
        "watched": (
            "UPDATE watched SET catalog_version = catalog_version + 1",
            "catalog_version is",
        ),
        "watched, a row less": ("DELETE FROM watched", "watched row (user:ann, "),
        "watched, a row more": (
            f"INSERT INTO watched VALUES ('user:x', '{SHOW}', 1)",  # noqa: S608
            f"watched row (user:x, {SHOW}) is there, but nothing in the ledger says so.",
        ),
        "item": (f"UPDATE item SET title = 'x' WHERE item = '{ALIEN}'", "title is x, the ledger"),  # noqa: S608
        "client_device": (
            "UPDATE client_device SET last_connected_at = '2020-01-01 00:00:00'",
            "last_connected_at is 2020-01-01",
        ),
        "client_device_user": (
            f"UPDATE client_device_user SET isolation_mode = 'silo' WHERE cduid = '{TV}'",  # noqa: S608
            f"client_device_user row ({TV}): isolation_mode is silo, the ledger says loud",
        ),
        "progress": (
            "UPDATE progress SET played_seconds = 1",
            f"progress row ({BOB}, {ALIEN}): played_seconds is 1.0, the ledger says 600.0",
        ),
        "watch_count": ("DELETE FROM watch_count", f"watch_count row ({TV}, {E1}) is missing."),
        "play_time": ("UPDATE play_time SET plays = 9", "plays is 9, the ledger says 1"),
        "watch_time": (
            "UPDATE watch_time SET watched_us = 1",
            "watched_us is 1, the ledger says 300000000",
        ),
        "playhead": ("DELETE FROM playhead", "playhead row"),
        "leaf_register": ("DELETE FROM leaf_register", "leaf_register row"),
        "watched_watermark": ("DELETE FROM watched_watermark", "watched_watermark row"),
        "completion": ("DELETE FROM completion", "completion row"),
        "bookmark": ("UPDATE bookmark SET position = position + 5", "events are projected, the"),
        "bookmark, the settings": ("UPDATE bookmark SET settings_position = 1", "the last that"),
        "bookmark, none": ("DELETE FROM bookmark", "it says that nothing is projected"),
    }


@pytest.mark.parametrize("name", spoilt_rows())
def test_a_changed_row_is_found_and_named(stage: Stage, name: str) -> None:
    statement, named = spoilt_rows()[name]
    before = everything(stage.engine)
    execute(stage.engine, statement)
    assert named in told(stage.engine)
    assert name.startswith("bookmark") or everything(stage.engine) != before


def test_read_models_that_lag_behind_are_compared_as_of_where_they_are(stage: Stage) -> None:
    stage.submit(*map(stage.world.submit, [Watch(TV, SHOW)]))
    assert faults(stage.engine) == []
