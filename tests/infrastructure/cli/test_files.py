"""Files that commands write: for their owner only, whole, over nothing but an earlier one."""

import json
import resource
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine

from infrastructure.cli.files import written_whole
from infrastructure.importing.lines import FileProblem
from tests.infrastructure.cli.shell import Run, watch, write_lines

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

COMMANDS = [["export"], ["checkpoint"]]
OTHERS = ["", "mine", "{}", '{"format": "another", "position": 1}', "\x00\xff", "[]", "null"]


@pytest.fixture(autouse=True)
def _ledger(run: Run, ada: list[str]) -> None:
    assert ada
    run("migrate")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_for_its_owner_only_and_takes_the_place_of_an_earlier_one(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    out = tmp_path / "out"
    run(*command, "--out", str(out))
    first = out.read_bytes()
    assert mode(out) == 0o600
    out.chmod(0o644)
    run("device-user", "add", "bob-tv", "--user", "bob", "--device", "tv")
    run(*command, "--out", str(out))
    assert out.read_bytes() != first
    assert mode(out) == 0o600
    assert [each.name for each in tmp_path.glob("out*")] == ["out"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", OTHERS)
def test_what_is_anything_else_is_not_written_over(
    run: Run, tmp_path: Path, command: list[str], content: str
) -> None:
    out = tmp_path / "out"
    out.write_text(content)
    result = run(*command, "--out", str(out), exit_code=1)
    assert "is there already and wasn't written by this command" in result.stderr
    assert out.read_text() == content


@pytest.mark.parametrize("command", COMMANDS)
def test_the_database_is_not_written_over(run: Run, engine: Engine, command: list[str]) -> None:
    database = str(engine.url.database)
    run(*command, "--out", database, exit_code=1)
    run("verify")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("out", ["", "nowhere/out"])
def test_what_is_no_file_is_told(run: Run, tmp_path: Path, command: list[str], out: str) -> None:
    result = run(*command, "--out", str(tmp_path / out), exit_code=1)
    assert result.stderr.startswith("Error: ")
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_that_cannot_be_finished_leaves_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("earlier")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with (
            pytest.raises(FileProblem, match="can't be written: File too large"),
            written_whole(out, lambda _: True) as file,
        ):
            file.write(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert out.read_text() == "earlier"
    assert [each.name for each in tmp_path.glob("out*")] == ["out"]


def test_rejected_lines_go_into_a_file_of_their_own(run: Run, tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events", [watch(1, "film:x")])
    rejected = tmp_path / "rejected"
    asked = ("import", "events", str(events), "--rejected")
    for _ in range(2):
        run(*asked, str(rejected), exit_code=1)
        assert json.loads(rejected.read_text())["line"] == 1
        assert mode(rejected) == 0o600
    before = events.read_bytes()
    result = run(*asked, str(events), exit_code=1)
    assert "is there already and wasn't written by this command" in result.stderr
    assert events.read_bytes() == before
