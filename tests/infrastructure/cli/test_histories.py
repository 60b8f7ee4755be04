"""History on the command line: a table, JSON lines or CSV, by every filter."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cli.shell import Run, watch, write_lines


@pytest.fixture
def said(run: Run, library: Path, ada: list[str], tmp_path: Path) -> list[str]:
    """Three things that Ada said, at minutes 1 to 3."""
    assert library.exists()
    events = [
        watch(1, "episode:s1e1"),
        watch(2, "season:s2", cduid=ada[1]),
        {**watch(3, "movie:m", kind="progress"), "played_seconds": 3.5, "duration_seconds": 7},
    ]
    run("import", "events", str(write_lines(tmp_path / "said", events)))
    return [event["id"] for event in events]


def as_json(run: Run, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("history", "--json", *arguments).stdout.splitlines()]


def as_csv(run: Run, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(run("history", "--csv", *arguments).stdout)))


def test_csv_and_json_say_the_same(run: Run, said: list[str]) -> None:
    filters = ["--user", "ada", "--type", "watch", "--type", "progress"]
    rows, documents = as_csv(run, *filters), as_json(run, *filters)
    assert [row["id"] for row in rows] == [each["id"] for each in documents] == said[::-1]
    for row, document in zip(rows, documents, strict=True):
        claims = json.loads(row.pop("claims"))
        assert {**{name: value or None for name, value in row.items()}, **claims} == {
            name: value if name in claims or value is None else str(value)
            for name, value in document.items()
        }


def test_csv_of_nothing_is_its_heading(run: Run, said: list[str]) -> None:
    assert said
    text = run("history", "--csv", "--user", "nobody").stdout
    assert text.startswith("position,id,type,cduid,user,item,occurred_at,recorded_at,at,")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--cduid", "ada-tv"], [3, 1]),
        (["--cduid", "ada-tv", "--group"], [3, 2, 1]),
        (["--item", "episode:s2e1"], [2]),
        (["--item", "season:s2"], [2]),
        (["--under", "show:s"], [2, 1]),
        (["--under", "movie_shelf:films"], [3]),
        (["--since", "2026-01-31T20:02:00Z"], [3, 2]),
        (["--until", "2026-01-31T20:02:00Z", "--since", "2026-01-31"], [1]),
        (["--order", "oldest"], [1, 2, 3]),
        (["--limit", "1"], [3]),
        (["--limit", "0"], [3, 2, 1]),
    ],
    ids=lambda each: " ".join(map(str, each)),
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_filters_find_what_they_say(
    run: Run, said: list[str], filters: list[str], numbers: list[int]
) -> None:
    found = as_json(run, "--type", "watch", "--type", "progress", *filters)
    assert [said.index(each["id"]) + 1 for each in found] == numbers


@pytest.mark.parametrize("backend", ["sqlite"])
def test_json_and_csv_at_once_is_misuse(run: Run) -> None:
    assert "ask for one" in run("history", "--json", "--csv", exit_code=2).output


def test_what_a_player_called_an_item_is_told_in_words(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    named = {"kind": "episode", "show": {"title": "Lost", "year": 2004}, "season": 1, "episode": 2}
    event = watch(1, "episode:s1e1")
    event.pop("item")
    run("import", "events", str(write_lines(tmp_path / "said", [{**event, "ref": named}])))
    told = " ".join(run("history", "--cduid", ada[0], "--type", "watch").stdout.split())
    assert "episode:lost-2004.s01e02" in told
    assert "ref episode of Lost (2004), season 1, episode 2" in told
