"""A ledger goes to another database and is the same there, whichever kind either is."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine

from infrastructure.database.engine import make_engine, read_transaction
from infrastructure.importing.ledger import CopyProblem, export_ledger, import_ledger
from infrastructure.importing.lines import LINE_BYTES_MAX, Line
from infrastructure.ledger.reader import head
from tests.helpers.spoiling import execute
from tests.helpers.stage import Stage
from tests.helpers.wholeness import everything, faults
from tests.reference.lives import life
from tests.reference.world import submissions

PAGE = 10


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.importing.ledger._PAGE", PAGE)


def lived(engine: Engine, seed: int = 3) -> Stage:
    stage = Stage(engine)
    stage.submit(*submissions(life(seed, 60)))
    stage.catch_up()
    return stage


@pytest.fixture
def lines(engine: Engine) -> list[bytes]:
    """A ledger of some life, exported."""
    lived(engine)
    return list(export_ledger(engine))


@pytest.fixture(scope="module")
def exported(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The same, for what has nothing to do with where it came from."""
    path = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("life") / "ledger.db")
    engine = make_engine(f"sqlite:///{path}", synchronous="OFF")
    lived(engine)
    lines = list(export_ledger(engine))
    engine.dispose()
    return lines


@pytest.fixture(params=["sqlite", "postgresql"])
def other(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    postgres_template: str,
    new_postgres_database: Callable[[str], URL],
) -> Iterator[Engine]:
    """Another database, empty, of either kind."""
    if request.param == "sqlite":
        path = shutil.copyfile(sqlite_template, tmp_path / "other.db")
        url = URL.create("sqlite", database=str(path))
    else:
        url = new_postgres_database(postgres_template)
    engine = make_engine(url, synchronous="OFF")
    yield engine
    engine.dispose()


@pytest.fixture
def target(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    """An empty database, for what goes wrong wherever it is read."""
    path = shutil.copyfile(sqlite_template, tmp_path / "target.db")
    engine = make_engine(f"sqlite:///{path}", synchronous="OFF")
    yield engine
    engine.dispose()


def numbered(lines: list[bytes]) -> list[Line]:
    return [Line(number, text.strip()) for number, text in enumerate(lines, 1)]


def position_of(engine: Engine) -> int:
    with read_transaction(engine) as connection:
        return head(connection).position


def test_a_copy_is_the_same_ledger_to_the_letter(
    engine: Engine, lines: list[bytes], other: Engine
) -> None:
    assert import_ledger(other, numbered(lines)) == len(lines) - 1
    assert list(export_ledger(other)) == lines
    Stage(other).catch_up()
    assert faults(other) == []
    assert everything(other) == everything(engine)


def test_a_copy_goes_on_as_the_original_would(lines: list[bytes], other: Engine) -> None:
    import_ledger(other, numbered(lines))
    stage = Stage(other)
    stage.submit(*submissions(life(3, 75))[-10:])
    stage.catch_up()
    assert faults(other) == []
    assert position_of(other) > len(lines) - 1


@pytest.mark.parametrize("cut", [1, 2, PAGE + 1, 3 * PAGE + 5])
def test_an_import_that_stopped_goes_on_where_it_was(
    exported: list[bytes], target: Engine, cut: int
) -> None:
    with pytest.raises(CopyProblem, match=f"should hold {len(exported) - 1} events and ends after"):
        import_ledger(target, numbered(exported[:cut]))
    assert position_of(target) == cut - 1
    counts = {True: 0, False: 0}

    def count(events: int, is_new: bool) -> None:
        counts[is_new] += events

    import_ledger(target, numbered(exported), count)
    assert list(export_ledger(target)) == exported
    assert counts[False] == (cut - 1) // PAGE * PAGE


def test_an_import_that_is_run_again_does_no_harm(exported: list[bytes], target: Engine) -> None:
    for _ in range(2):
        assert import_ledger(target, numbered(exported)) == len(exported) - 1
    assert list(export_ledger(target)) == exported


def test_an_earlier_export_does_no_harm_to_a_ledger_that_went_on(
    engine: Engine, lines: list[bytes]
) -> None:
    Stage(engine).submit(*submissions(life(3, 75))[-10:])
    end = position_of(engine)
    assert import_ledger(engine, numbered(lines)) == len(lines) - 1
    assert position_of(engine) == end
    assert end > len(lines) - 1


def test_an_export_is_as_of_when_it_began(engine: Engine, lines: list[bytes]) -> None:
    stage = Stage(engine)
    later = submissions(life(3, 75))[-10:]
    exported: list[bytes] = []
    for line in export_ledger(engine):
        exported.append(line)
        if later:
            stage.submit(later.pop(0))
    assert exported == lines


def test_another_ledger_is_not_mixed_in(lines: list[bytes], other: Engine) -> None:
    lived(other, seed=4)
    before = list(export_ledger(other))
    with pytest.raises(CopyProblem, match="holds another ledger"):
        import_ledger(other, numbered(lines))
    assert list(export_ledger(other)) == before


def test_an_empty_ledger_can_be_copied(engine: Engine, target: Engine) -> None:
    assert import_ledger(target, numbered(list(export_ledger(engine)))) == 0


def edited(lines: list[bytes], at: int, **fields: Any) -> list[Line]:
    document = {**json.loads(lines[at]), **fields}
    return numbered([*lines[:at], json.dumps(document).encode(), *lines[at + 1 :]])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"position": 99}, "Events 25 to 98 are missing before event 99."),
        ({"version": 99}, "of its stream should come here"),
        ({"user": "eve"}, "its digest doesn't fit"),
        ({"stream": "cduid:eve", "version": 7}, "version 1 of its stream should come here"),
        ({"catalog_version": 0}, "the catalog wasn't at version 0 then"),
        ({"recorded_at_us": 1}, "it was recorded before the event that stands before it"),
        ({"salt": "AAAAAAAAAAAAAAAAAAAAAA=="}, "its digest doesn't fit"),
        ({"state": "{}"}, "Line 26: the event can't be read"),
        ({"topic": "nonsense.v1"}, "Line 26: the event can't be read"),
        ({"digest": "not base 64"}, "Line 26 isn't what `watchledger export` writes"),
        ({"position": "many"}, "Line 26 isn't what `watchledger export` writes"),
        ({"extra": 1}, "Line 26 isn't what `watchledger export` writes"),
    ],
    ids=str,
)
def test_an_event_that_was_changed_on_the_way_is_not_taken_in(
    exported: list[bytes], target: Engine, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(CopyProblem, match=told.replace("`", ".")):
        import_ledger(target, edited(exported, 25, **fields))
    assert position_of(target) == 20
    import_ledger(target, numbered(exported))
    assert list(export_ledger(target)) == exported


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ([], "the file is empty"),
        ([b"{}"], "should hold|isn't what"),
        ([b"null"], "Line 1 isn't what"),
        ([b"\xff\xfe"], "Line 1 isn't what"),
        ([b"[" * 100_000], "Line 1 isn't what"),
        ([b'{"format": "watchledger-ledger-2", "position": 1}'], "Line 1 isn't what"),
        ([b'{"format": "watchledger-ledger-1", "position": 1}'], "ends after 0"),
        ([b'{"format": "watchledger-ledger-1", "position": 1}', b'{"posi'], "Line 2 isn't what"),
    ],
    ids=range(8),
)
def test_what_is_no_export_is_refused(target: Engine, broken: list[bytes], told: str) -> None:
    with pytest.raises(CopyProblem, match=told):
        import_ledger(target, numbered(broken))
    assert position_of(target) == 0


def test_an_endless_line_is_refused(exported: list[bytes], target: Engine) -> None:
    with pytest.raises(CopyProblem, match=f"over {LINE_BYTES_MAX} bytes"):
        import_ledger(target, [*numbered(exported[:5]), Line(6, None)])


def test_a_ledger_that_is_not_whole_is_exported_and_not_taken_in(
    engine: Engine, lines: list[bytes], target: Engine
) -> None:
    assert lines
    execute(engine, "DELETE FROM ledger_event WHERE position = 9")
    with pytest.raises(CopyProblem, match=r"The export isn't whole\. Event 9 is missing before"):
        import_ledger(target, numbered(list(export_ledger(engine))))
