"""What commands print reaches whoever asked: people at whatever terminal, and programs."""

import csv
import json
import os
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from tests.infrastructure.cli.shell import WATCHLEDGER, Run, watch, write_lines

TITLE = "Amélie, 千と千尋"


@pytest.fixture
def said(run: Run, ada: list[str], tmp_path: Path, database_url: str) -> dict[str, str]:
    """A movie whose title few terminals can show, watched; the environment that finds it."""
    items = [
        {"item": "movie_shelf:films"},
        {"item": "movie:m", "parent": "movie_shelf:films", "title": TITLE},
    ]
    run("import", "catalog", str(write_lines(tmp_path / "items", items)))
    run("import", "events", str(write_lines(tmp_path / "events", [watch(1, "movie:m", ada[0])])))
    data_dir = str(tmp_path / "data")
    return {"WATCHLEDGER_DATA_DIR": data_dir, "WATCHLEDGER_DATABASE_URL": database_url}


def told(said: dict[str, str], encoding: str, *arguments: str) -> bytes:
    """What a command writes where that is the encoding of its terminal."""
    env = {**os.environ, **said, "PYTHONIOENCODING": encoding}
    command = [*WATCHLEDGER, *arguments]
    done = subprocess.run(command, capture_output=True, check=True, env=env)  # noqa: S603  # ours
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "command", [["item", "ada-tv", "movie:m"], ["history", "--type", "item_placed"]]
)
def test_a_terminal_is_told_as_much_as_it_can_show(
    said: dict[str, str], command: list[str]
) -> None:
    assert b"Am?lie, ????" in told(said, "ascii", *command)
    assert b"Am\xe9lie, ????" in told(said, "latin-1", *command)
    assert TITLE.encode() in told(said, "utf-8", *command)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_a_program_is_told_in_utf_8_whatever_the_terminal_is(
    said: dict[str, str], encoding: str
) -> None:
    item = json.loads(told(said, encoding, "item", "ada-tv", "movie:m", "--json").decode())
    assert item["title"] == TITLE
    filters = ("history", "--item", "movie:m", "--type", "item_placed")
    [line] = told(said, encoding, *filters, "--json").decode().splitlines()
    assert json.loads(line)["details"]["title"] == TITLE
    [row] = csv.DictReader(StringIO(told(said, encoding, *filters, "--csv").decode()))
    assert json.loads(row["claims"])["details"]["title"] == TITLE
