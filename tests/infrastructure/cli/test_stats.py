"""Time watched, plays and marks, on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cli.shell import Run, watch, write_lines


@pytest.fixture
def watched(run: Run, library: Path, ada: list[str], tmp_path: Path) -> None:
    """Half an hour over midnight in Berlin, a marked episode, and a movie of long ago."""
    assert library.exists()
    assert ada
    ticks = [
        {
            **watch(number, "episode:s1e1", kind="progress"),
            "occurred_at": f"2026-01-31T22:{45 + number:02}:00Z",
            "played_seconds": 60 * number,
            "duration_seconds": 6_000,
        }
        for number in range(15)
    ]
    later = {
        **watch(20, "episode:s1e1", kind="progress"),
        "occurred_at": "2026-01-31T23:14:00Z",
        "played_seconds": 1_740,
        "duration_seconds": 6_000,
    }
    marks = [watch(21, "episode:s1e2", "ada-phone"), undated(22, "movie:m")]
    run("import", "events", str(write_lines(tmp_path / "said", [*ticks, later, *marks])))


def undated(number: int, item: str) -> dict[str, Any]:
    event = watch(number, item)
    del event["occurred_at"]
    return {**event, "undated": True}


def answer(run: Run, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("stats", "--json", *options).stdout)
    return found


@pytest.mark.usefixtures("watched")
def test_stats_are_added_up_by_the_clock_of_a_zone(run: Run) -> None:
    berlin = answer(run, "--by", "day", "--time-zone", "Europe/Berlin")
    told = [(row["key"], row["watched_seconds"], row["marks"]) for row in berlin["rows"]]
    assert told == [("2026-01-31", 900.0, 1), ("2026-02-01", 840.0, 0)]
    assert berlin["total"] == {"watched_seconds": 1740.0, "plays": 1, "marks": 1}
    assert berlin["undated"] == {"watched_seconds": 0.0, "plays": 1, "marks": 1}
    utc = answer(run, "--month", "2026-01")
    assert [(row["key"], row["watched_seconds"]) for row in utc["rows"]] == [("2026-01", 1740.0)]
    assert answer(run, "--month", "2026-02")["rows"] == []


@pytest.mark.usefixtures("watched")
def test_stats_are_a_table_with_titles_where_there_are_any(run: Run) -> None:
    table = run("stats", "--by", "item").stdout
    assert "Sherlock · Series 1 · E1" in table
    assert "0:29" in table
    assert "in all" in table
    assert "undated" in table
    by_day = run("stats", "--by", "day", "--since", "2026-01-31", "--until", "2026-01-31").stdout
    assert "title" not in by_day
    assert "2026-01-31" in by_day


@pytest.mark.usefixtures("watched")
def test_stats_are_asked_of_a_user_a_viewer_and_an_item(run: Run) -> None:
    assert answer(run, "--user", "ada")["total"]["watched_seconds"] == 1740.0
    assert answer(run, "--user", "bob")["rows"] == []
    assert answer(run, "--of", "movie:m")["rows"] == []
    assert answer(run, "--cduid", "ada-tv", "--of", "show:s")["total"]["marks"] == 1
    run("device-user", "set-mode", "ada-phone", "silo")
    assert answer(run, "--cduid", "ada-phone")["total"]["watched_seconds"] == 0.0
    assert answer(run, "--cduid", "ada-tv")["total"] == {
        "watched_seconds": 1740.0,
        "plays": 0,
        "marks": 0,
    }
    assert answer(run, "--user", "ada")["total"]["marks"] == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_before_anything_was_watched_that_is_said(run: Run, library: Path) -> None:
    assert library.exists()
    assert "Nothing was watched." in run("stats").stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--month", "nov"], "no month; send one such as 2026-11"),
        (["--month", "2026-13"], "no month; send one such as 2026-11"),
        (["--month", "2026-01-31"], "no month; send one such as 2026-11"),
        (["--month", "٢٠٢٦-01"], "no month; send one such as 2026-11"),
        (["--month", "2026-01", "--since", "2026-01-02"], "leave out --since and --until"),
        (["--by", "decade"], "'weekday_hour'"),
        (["--time-zone", "Berlin"], "send a name such as Europe/Berlin, or UTC"),
        (["--since", "2026"], "isn't understood; send a time such as"),
        (["--until", "7"], "isn't understood; send a time such as"),
        (["--since", "2026-02-02", "--until", "2026-02-01"], "isn't before until"),
        (["--user", "ada", "--cduid", "ada-tv"], "two questions; ask one"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_makes_no_sense_is_misuse(run: Run, options: list[str], message: str) -> None:
    result = run("stats", *options, exit_code=2)
    assert message in " ".join(result.stderr.replace("│", "").split())
    assert options[0] in result.stderr
