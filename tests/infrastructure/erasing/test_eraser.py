"""Erasing at any moment of a life, interrupted at any step, and what verify makes of the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from domain.rejection import Refused
from infrastructure.bootstrap import opened
from infrastructure.database.engine import make_engine, read_transaction, write_transaction
from infrastructure.database.problems import DatabaseLocked
from infrastructure.erasing import eraser as module
from infrastructure.erasing.eraser import Eraser
from infrastructure.importing.ledger import CopyProblem, export_ledger, import_ledger
from infrastructure.importing.lines import Line
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Append
from infrastructure.ledger.recorder import LedgerRecorder
from infrastructure.operations.verifying.checkpoint import checkpoint_fault, take_checkpoint
from infrastructure.projecting.rebuilding.lock import rebuild_lock
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.settings.settings import load_settings
from tests.helpers.samples import watched
from tests.helpers.spoiling import change, execute
from tests.helpers.stage import ON_A_DATABASE, Stage, emptied, project_all
from tests.helpers.tables import Dump
from tests.helpers.wholeness import everything, faults
from tests.reference.examples import ALIEN, BOB, E1, E2, PHONE, SHOW, TV, put
from tests.reference.lives import lives
from tests.reference.steps import Progress, Reassign, Step, Watch


class Killed(Exception):
    """The process has ended here."""


def eraser(stage: Stage) -> Eraser:
    """As another process would have one."""
    return Eraser(stage.engine, stage.policy, CurrentDirectory(stage.engine))


@pytest.fixture
def stage(engine: Engine) -> Stage:
    """Ann has seen a show on two devices, one of them was Bob's; Bob has begun a movie."""
    stage = Stage(engine)
    stage.tell(*put(E1, E2, ALIEN), Watch(TV, E1), Progress(BOB, ALIEN), Watch(PHONE, SHOW))
    stage.tell(Reassign(BOB, "ann"), Watch(BOB, E2), Reassign(BOB, "bob"), Watch(TV, E2))
    return stage


@pytest.fixture(autouse=True)
def _without_compaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longest; the files are looked at where the API is tested."""
    monkeypatch.setattr(module, "compact", lambda _: None)


def copied(source: Engine, target: Engine) -> int:
    """Takes a ledger to another database."""
    lines = (Line(number, text) for number, text in enumerate(export_ledger(source), 1))
    return import_ledger(target, lines)


def texts(dump: Dump) -> set[str]:
    """Whatever stands in any column of any table."""
    cells = (cell for rows in dump.values() for row in rows for cell in row)
    return {cell for cell in cells if isinstance(cell, str)}


@ON_A_DATABASE
@given(before=lives(max_size=20), later=lives(max_size=10), user=st.sampled_from(["ann", "bob"]))
def test_after_any_life_the_rest_is_what_the_ledger_says(
    engine: Engine, before: list[Step], later: list[Step], user: str
) -> None:
    stage = Stage(emptied(engine))
    stage.tell(*before)
    with read_transaction(engine) as connection:
        kept = take_checkpoint(connection)
    if not CurrentDirectory(engine).latest().knows_user(user):
        with pytest.raises(Refused, match="There is no user"):
            eraser(stage).erase(user)
        return
    gone = CurrentDirectory(engine).latest().cduids(user)
    eraser(stage).erase(user)
    assert faults(engine) == []
    assert {user, f"user:{user}", *gone}.isdisjoint(texts(everything(engine)))
    with read_transaction(engine) as connection:
        assert checkpoint_fault(connection, kept) is None
        directory = CurrentDirectory(engine).latest()
    assert not directory.knows_user(user)
    live = everything(engine)
    rebuild(engine, Plan(projection_names([]), stage.policy))
    assert everything(engine) == live
    stage.world.forget(user)
    stage.tell(*later)
    assert faults(engine) == []


@contextmanager
def killed_after(count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No transaction that writes commits once `count` have."""
    committed = iter(range(count))

    @contextmanager
    def mortal(engine: Engine) -> Iterator[Connection]:
        if next(committed, None) is None:
            raise Killed
        with write_transaction(engine) as connection:
            yield connection

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_transaction", mortal)
        yield


@pytest.mark.parametrize("count", range(5))
def test_what_is_interrupted_is_finished_at_the_next_start(
    stage: Stage, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_after(count, monkeypatch), pytest.raises(Killed):
        eraser(stage).erase("ann")
    if count:
        assert "An erasure isn't finished" in "\n".join(faults(stage.engine))
    eraser(stage).finish()
    knows = CurrentDirectory(stage.engine).latest().knows_user("ann")
    assert knows is (count == 0)  # before the note there was nothing to finish
    assert faults(stage.engine) == []
    eraser(stage).finish()
    assert faults(stage.engine) == []


def test_a_service_that_starts_goes_on_with_it(
    stage: Stage, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_after(2, monkeypatch), pytest.raises(Killed):
        eraser(stage).erase("ann")
    settings = {"database_url": database_url, "data_dir": tmp_path, "admin_token": "the-admin"}
    with opened(load_settings(settings)) as services:
        assert not services.authentication.knows(TV)
    assert faults(stage.engine) == []


def test_what_is_interrupted_is_finished_by_asking_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_after(2, monkeypatch), pytest.raises(Killed):
        eraser(stage).erase("ann")
    erased = eraser(stage).erase("ann")
    assert erased.is_compacted
    with read_transaction(stage.engine) as connection:
        assert take_checkpoint(connection).position == erased.position
    assert faults(stage.engine) == []


def test_files_that_cannot_be_written_anew_are_seen_to_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: Engine) -> None:
        raise DatabaseLocked("Somebody reads.")

    with monkeypatch.context() as patched:
        patched.setattr(module, "compact", busy)
        assert not eraser(stage).erase("ann").is_compacted
    assert faults(stage.engine)[0] == (
        "An erasure isn't finished. Start the service: it goes on with it."
    )
    eraser(stage).finish()
    assert faults(stage.engine) == []


def test_no_rebuild_runs_beside_an_erasure(stage: Stage) -> None:
    with rebuild_lock(stage.engine), pytest.raises(Refused, match="Wait until it has ended"):
        eraser(stage).erase("ann")


def test_what_is_still_on_its_way_in_is_refused_as_a_stranger_is(stage: Stage) -> None:
    ledger = LedgerRecorder(stage.engine)
    ledger.append([Append([watched(TV)._replace(needs_stream=True)])])  # the stream is remembered
    eraser(stage).erase("ann")
    [answer] = ledger.append([Append([watched(TV)._replace(needs_stream=True)])])
    assert [outcome.status for outcome in answer.outcomes] == ["gone"]
    assert faults(stage.engine) == []


def test_a_projector_that_knew_the_user_goes_on_without(stage: Stage) -> None:
    projector = stage.new_projector()
    projector.catch_up()
    eraser(stage).erase("ann")
    stage.tell(Watch(BOB, ALIEN))
    projector.catch_up()
    assert faults(stage.engine) == []
    with stage.reader.snapshot() as snapshot:
        assert not snapshot.directory.knows_user("ann")
        assert snapshot.viewer(BOB).is_watched(ALIEN)


# What verify says of erased events.


def erased_positions(engine: Engine) -> list[int]:
    with read_transaction(engine) as connection:
        found = connection.exec_driver_sql(
            "SELECT position FROM ledger_event WHERE topic = 'erased.v1' ORDER BY position"
        )
        return [position for (position,) in found]


@pytest.mark.parametrize(
    "columns",
    [
        {"digest": bytes(32)},
        {"user": "eve"},
        {"originator_id": "erased:elsewhere"},
        {"salt": bytes(16)},
        {"salt": bytes(17)},
        {"recorded_at_us": 7},
    ],
    ids=str,
)
def test_an_erased_event_that_is_changed_afterwards_is_found(
    stage: Stage, columns: dict[str, Any]
) -> None:
    eraser(stage).erase("ann")
    change(stage.engine, erased_positions(stage.engine)[1], **columns)
    assert faults(stage.engine)


def test_an_event_that_no_recorded_erasure_covers_is_damage(stage: Stage) -> None:
    eraser(stage).erase("ann")
    [[mark]] = _all(stage.engine, "SELECT salt FROM ledger_event WHERE topic = 'erased.v1' LIMIT 1")
    nothing = {"topic": "erased.v1", "state": b"{}", "user": None, "item": None}
    change(stage.engine, 1, salt=mark, **nothing)
    assert "are marked as erased by it" in "\n".join(faults(stage.engine))


def test_a_name_that_was_taken_out_is_not_put_back(stage: Stage) -> None:
    eraser(stage).erase("ann")
    positions = "SELECT position FROM ledger_event WHERE length(salt) = 17 AND topic <> 'erased.v1'"
    for (position,) in _all(stage.engine, positions):
        change(stage.engine, position, user="ann")
        assert "was changed since" in "\n".join(faults(stage.engine))
        change(stage.engine, position, user="bob")
    assert faults(stage.engine) == []


def _all(engine: Engine, statement: str) -> list[Any]:
    with read_transaction(engine) as connection:
        return list(connection.exec_driver_sql(statement))


# Copies.


@pytest.fixture
def other(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """Another database, empty."""
    path = copyfile(sqlite_template, tmp_path / "other.db")
    found = make_engine(f"sqlite:///{path}", synchronous="OFF")
    yield found
    found.dispose()


def test_a_copy_of_a_ledger_with_erased_events_is_the_same(stage: Stage, other: Engine) -> None:
    eraser(stage).erase("ann")
    stage.tell(Watch(BOB, ALIEN))
    eraser(stage).erase("bob")
    copied(stage.engine, other)
    assert list(export_ledger(other)) == list(export_ledger(stage.engine))
    project_all(other)
    assert faults(other) == []
    assert everything(other) == everything(stage.engine)


def test_a_copy_whose_erasure_was_left_out_is_not_whole(stage: Stage, other: Engine) -> None:
    eraser(stage).erase("ann")
    heading, *lines = export_ledger(stage.engine)
    cut = [heading.replace(str(len(lines)).encode(), str(len(lines) - 1).encode()), *lines[:-1]]
    with pytest.raises(CopyProblem, match="no recorded erasure covers them"):
        import_ledger(other, (Line(number, text) for number, text in enumerate(cut, 1)))


def test_where_only_files_were_left_they_are_seen_to_at_the_next_start(stage: Stage) -> None:
    execute(
        stage.engine,
        "INSERT INTO ledger_erasure (erasure) VALUES ('0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f')",
    )
    eraser(stage).finish()
    assert _all(stage.engine, "SELECT * FROM ledger_erasure") == []
