"""Rebuild, verify, checkpoint, export and import of a ledger, as an operator calls them."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from infrastructure.projecting.rebuilding.lock import rebuild_lock
from tests.helpers.spoiling import execute
from tests.helpers.wholeness import everything, faults
from tests.infrastructure.cli.shell import Run, watch, write_lines

WHOLE = "The ledger is whole, and the read models are what it says."


@pytest.fixture
def said(run: Run, library: Path, ada: list[str], tmp_path: Path) -> int:
    """A library and what Ada said, projected; the position."""
    assert library.exists()
    events = [watch(1, "episode:s1e1"), watch(2, "season:s2", cduid=ada[1]), watch(3, "movie:m")]
    run("import", "events", str(write_lines(tmp_path / "said", events)))
    last = json.loads(run("history", "--json", "--limit", "1", "--type", "watch").stdout)
    return int(last["position"])


def test_a_rebuild_says_what_it_did(run: Run, said: int, engine: Engine) -> None:
    before = everything(engine)
    assert f"as of position {said}." in run("rebuild").stderr
    assert "Rebuilt plays, watched as" in run("rebuild", "watched", "plays").stderr
    assert "Rebuilt " in run("rebuild", "--jobs", "2").stderr
    assert everything(engine) == before


def test_a_projection_that_is_none_is_misuse(run: Run) -> None:
    result = run("rebuild", "nonsense", exit_code=2)
    assert "no such projection" in result.output


def test_a_second_rebuild_says_so_and_ends(run: Run, engine: Engine) -> None:
    with rebuild_lock(engine):
        result = run("rebuild", exit_code=1)
    assert "Another rebuild is running on this database." in result.stderr


def test_other_thresholds_want_a_rebuild_and_get_it(run: Run, said: int) -> None:
    assert said
    low = ("--progress-low", "0.3")
    run("device-user", "add", "ada-car", "--user", "ada", "--device", "car")
    assert "watchledger rebuild" in run("watched", "ada-tv", *low, exit_code=1).stderr
    run("rebuild", *low)
    run("watched", "ada-tv", *low)


def test_verify_says_that_all_is_well(run: Run, said: int) -> None:
    assert said
    assert WHOLE in run("verify").stdout


def test_verify_says_what_differs(run: Run, said: int, engine: Engine) -> None:
    execute(engine, "DELETE FROM watched WHERE item = 'movie_shelf:films'")
    result = run("verify", exit_code=1)
    assert "watched row (user:ada, movie_shelf:films) is missing." in result.stdout
    assert "1 differences." in result.stderr
    execute(engine, f"DELETE FROM ledger_event WHERE position = {said - 1}")  # noqa: S608
    result = run("verify", exit_code=1)
    assert f"Event {said - 1} is missing before event {said}." in result.stdout
    assert "The read models weren't compared" in result.stdout


def test_verify_shows_the_first_hundred(run: Run, said: int, engine: Engine) -> None:
    assert said
    rows = ", ".join(f"('user:x', 'movie:{number}', 1)" for number in range(150))
    execute(engine, f"INSERT INTO watched VALUES {rows}")  # noqa: S608
    result = run("verify", exit_code=1)
    assert len(result.stdout.splitlines()) == 101
    assert "… and more." in result.stdout
    assert "150 differences." in result.stderr


def test_a_checkpoint_is_written_and_held_against(
    run: Run, said: int, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    run("checkpoint", "--out", str(path))
    kept = json.loads(path.read_text())
    assert kept == json.loads(run("checkpoint").stdout)
    assert kept["position"] == said
    run("device-user", "add", "ada-car", "--user", "ada", "--device", "car")
    assert WHOLE in run("verify", "--checkpoint", str(path)).stdout
    zeros = "zeroblob(32)" if engine.dialect.name == "sqlite" else f"'\\x{'00' * 32}'"
    execute(engine, f"UPDATE ledger_event SET digest = {zeros} WHERE position = 1")  # noqa: S608
    result = run("verify", "--checkpoint", str(path), exit_code=1)
    assert f"The first {said} events aren't those of the checkpoint" in result.stdout


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_no_checkpoint_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("{}")
    result = run("verify", "--checkpoint", str(tmp_path / "other"), exit_code=1)
    assert "is no checkpoint" in result.stderr
    result = run("verify", "--checkpoint", str(tmp_path / "none"), exit_code=1)
    assert "can't be read: No such file or directory." in result.stderr


def test_a_ledger_goes_out_and_in_again(
    run: Run, said: int, engine: Engine, tmp_path: Path
) -> None:
    out = tmp_path / "ledger.ndjson"
    run("export", "--out", str(out))
    packed = tmp_path / "ledger.ndjson.gz"
    packed.write_bytes(gzip.compress(out.read_bytes()))
    other = ("--database-url", f"sqlite:///{tmp_path / 'other.db'}")
    result = run("import", "ledger", str(packed), *other)
    assert f"{said} events: {said} recorded, 0 there before." in result.stderr
    result = run("import", "ledger", str(out), *other)
    assert f"{said} events: 0 recorded, {said} there before." in result.stderr
    assert WHOLE in run("verify", *other).stdout
    again = tmp_path / "again.ndjson"
    run("export", "--out", str(again), *other)
    assert again.read_bytes() == out.read_bytes()
    assert run("watched", "ada-tv", *other).stdout == run("watched", "ada-tv").stdout
    assert faults(engine) == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_ledger_is_refused(run: Run, said: int, tmp_path: Path) -> None:
    assert said
    out = tmp_path / "ledger.ndjson"
    run("export", "--out", str(out))
    other = ("--database-url", f"sqlite:///{tmp_path / 'other.db'}")
    run("migrate", *other)
    run("device-user", "add", "bob-tv", "--user", "bob", "--device", "tv", *other)
    result = run("import", "ledger", str(out), *other, exit_code=1)
    assert "The database holds another ledger." in result.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_where_nothing_can_be_written_is_told(run: Run, tmp_path: Path) -> None:
    for command in ("export", "checkpoint"):
        result = run(command, "--out", str(tmp_path / "none" / "file"), exit_code=1)
        assert "can't be written: No such file or directory." in result.stderr
