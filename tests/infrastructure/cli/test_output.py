"""What commands print reaches whoever asked: people at whatever terminal, and programs."""

import csv
import json
import os
import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from infrastructure.cli.console import answers
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


HEX = "0123456789abcdef0123456789abcde"
EPISODE, LATER, FILM = f"episode:{HEX}1", f"episode:{HEX}2", f"movie:{HEX}3"
LONG = "The Very Long Title of an Episode in Which Nobody Can Find the Remote Control at All"


@pytest.fixture
def narrow(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands as in a terminal of 80 columns; ids are as media servers make them."""
    show, season = f"show:{HEX}4", f"season:{HEX}5"
    items = [
        {"item": f"show_shelf:{HEX}6", "title": "Series"},
        {"item": show, "parent": f"show_shelf:{HEX}6", "title": "A Show Whose Title is Long, Too"},
        {"item": season, "parent": show, "index": 1, "title": "Season One"},
        {"item": EPISODE, "parent": season, "index": 1, "title": LONG},
        {"item": LATER, "parent": season, "index": 2, "title": LONG},
        {"item": f"movie_shelf:{HEX}7"},
        {"item": FILM, "parent": f"movie_shelf:{HEX}7", "title": LONG},
    ]
    cduid = f"{HEX}8"
    run("import", "catalog", str(write_lines(tmp_path / "items", items)))
    run("device-user", "add", cduid, "--user", f"{HEX}9", "--device", "tv")
    events = [
        watch(1, EPISODE, cduid, kind="unwatch"),
        {**watch(2, EPISODE, cduid), "duration_seconds": 3600},
        {**watch(3, FILM, cduid, kind="progress"), "played_seconds": 60, "duration_seconds": 600},
    ]
    run("import", "events", str(write_lines(tmp_path / "events", events)))
    monkeypatch.setattr(answers, "width", 80)
    return run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["watched"], [EPISODE]),
        (["next-up"], [LATER, EPISODE, FILM]),
        (["why"], [EPISODE, f"{HEX}8"]),
        (["history", "--cduid"], [EPISODE, FILM, f"{HEX}8"]),
        (["item"], [EPISODE, LATER]),
        (["device-user", "list"], [f"{HEX}8", f"{HEX}9"]),
        (["stats", "--by", "show"], [f"show:{HEX}4"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_in_80_columns_ids_stand_whole_and_titles_in_full(
    narrow: Run, command: list[str], shown: list[str]
) -> None:
    alone = command[0] in {"device-user", "stats"}
    below = {"why": [EPISODE], "item": [f"season:{HEX}5"]}.get(command[0], [])
    told = narrow(*command, *([] if alone else [f"{HEX}8", *below])).stdout
    # A sentence is the terminal's to wrap.
    assert max(len(line) for line in told.splitlines() if not line.endswith(".")) <= 80
    for each in shown:
        assert re.search(rf"(^|\s){each}(\s|$)", told), told
    assert "…" not in told
    if command[0] in {"watched", "next-up", "item"}:
        words = told.split()
        assert [word for word in LONG.split() if word not in words] == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_fits_stands_in_a_table_and_what_does_not_in_lines(narrow: Run) -> None:
    assert narrow("watched", f"{HEX}8").stdout.splitlines()[1].split()[:2] == ["item", "title"]
    assert narrow("next-up", f"{HEX}8").stdout.splitlines()[:4] == [
        f"section in_progress  item {FILM}",
        "  title The Very Long Title of an Episode in Which Nobody Can Find the Remote ",
        "Control at All",
        "  at 2026-01-31 20:03:00Z",
    ]


TURNED = "Up\u202eside\u2066 down"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_title_that_would_turn_a_terminal_is_taken_and_shown_by_numbers(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    items = [
        {"item": "movie_shelf:films"},
        {"item": "movie:m", "parent": "movie_shelf:films", "title": TURNED},
        {"item": "movie:n", "parent": "movie_shelf:films", "title": "Two\u2028lines\u2029 here"},
        {"item": "movie:o", "parent": "movie_shelf:films", "title": "\u200fשלמה 👩\u200d🚀"},
        {"item": "movie:p", "parent": "movie_shelf:films"},  # so that they have rows of their own
    ]
    run("import", "catalog", str(write_lines(tmp_path / "items", items)))
    said = [watch(number, f"movie:{key}", ada[0]) for number, key in enumerate("mno")]
    run("import", "events", str(write_lines(tmp_path / "events", said)))
    shown = {
        "movie:m": "Up\\u202eside\\u2066 down",
        "movie:n": "Two lines here",
        "movie:o": "\u200fשלמה 👩\u200d🚀",
    }
    rows = run("watched", "ada-tv").stdout.splitlines()
    assert len(rows) == 4
    for item, title in shown.items():
        assert json.loads(run("item", "ada-tv", item, "--json").stdout)["title"] == (
            TURNED if item == "movie:m" else title
        )
        assert any(title in row for row in rows)
        assert title in run("item", "ada-tv", item).stdout
    assert "\u202e" not in run("history", "--type", "item_placed").stdout


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_a_file_holds_is_told_without_its_controls(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    event = {**watch(1, "movie:m", ada[0]), "id": "\x1b[2J\u202e\u2028", "\x1b]0;x\x07": 1}
    path = write_lines(tmp_path / "events", [event])
    told = run("import", "events", str(path), exit_code=1).stderr
    assert "\\u001b[2J\\u202e\\u2028" in told
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", told)
