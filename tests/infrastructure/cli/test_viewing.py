"""What viewers see, on the command line: as of the ledger's end, whoever projects or doesn't."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cli.shell import Run, watch, write_lines


@pytest.fixture
def said(run: Run, library: Path, ada: list[str], tmp_path: Path) -> list[dict[str, Any]]:
    """Ada watches the first series on two devices, and unwatches a movie that she marked."""
    assert library.exists()
    assert ada
    events = [
        watch(1, "episode:s1e1"),
        watch(2, "episode:s1e2", cduid="ada-phone"),
        watch(3, "movie:m"),
        watch(4, "movie:m", kind="unwatch"),
    ]
    run("import", "events", str(write_lines(tmp_path / "said", events)))
    return events


@pytest.mark.usefixtures("said")
def test_watched_shows_the_rolled_up_rows(run: Run) -> None:
    answer = json.loads(run("watched", "ada-tv", "--json").stdout)
    assert answer == {"rows": [{"item": "season:s1", "catalog_version": 8}]}
    table = run("watched", "ada-phone").stdout
    assert "Sherlock · Series 1" in table
    assert " 2 " in table  # episodes that the row stands for


@pytest.mark.usefixtures("said")
def test_an_item_is_shown_with_what_stands_under_it(run: Run) -> None:
    shown = json.loads(run("item", "ada-tv", "show:s", "--json").stdout)
    assert (shown["watched_leaves"], shown["leaves"]) == (2, 4)
    assert [each["watched"] for each in shown["children"]] == [True, False]
    assert "Series 2" in run("item", "ada-tv", "show:s").stdout


@pytest.mark.usefixtures("said")
def test_next_up_has_an_episode_and_a_movie(run: Run) -> None:
    found = json.loads(run("next-up", "ada-tv", "--json").stdout)["items"]
    assert [(each["section"], each["item"]) for each in found] == [
        ("next_episode", "episode:s2e1"),
        ("unwatched_movie", "movie:m"),
    ]
    table = run("next-up", "ada-tv", "--section", "next_episode").stdout
    assert "Sherlock · Series 2 · E1" in table
    assert "movie:m" not in table


@pytest.mark.usefixtures("library", "ada")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["watched", "nobody"], "nobody"),
        (["next-up", "nobody"], "nobody"),
        (["item", "ada-tv", "movie:none"], "There is no movie:none in the catalog."),
        (["history", "--cduid", "nobody"], "nobody"),
    ],
)
def test_what_is_not_there_is_refused(run: Run, arguments: list[str], said: str) -> None:
    assert said in run(*arguments, exit_code=1).stderr


def events_of(run: Run, *filters: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("history", "--json", *filters).stdout.splitlines()]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--type", "watch"], [3, 2, 1]),
        (["--type", "watch", "--type", "unwatch", "--order", "oldest"], [1, 2, 3, 4]),
        (["--cduid", "ada-phone", "--type", "watch"], [2]),
        (["--cduid", "ada-phone", "--group", "--type", "watch"], [3, 2, 1]),
        (["--user", "ada", "--type", "unwatch"], [4]),
        (["--user", "ben"], []),
        (["--item", "movie:m", "--user", "ada"], [4, 3]),
        (["--under", "show_shelf:tv", "--user", "ada"], [2, 1]),
        (["--type", "watch", "--since", "2026-01-31T20:02:00Z"], [3, 2]),
        (["--type", "watch", "--since", "2026-01-31", "--until", "2026-01-31T20:02:00Z"], [1]),
        (["--type", "watch", "--limit", "1"], [3]),
        (["--type", "watch", "--limit", "0"], [3, 2, 1]),
        (["--type", "watch", "--from-position", "16"], [3, 2]),
    ],
)
def test_history_finds_what_is_asked_for(
    run: Run, said: list[dict[str, Any]], filters: list[str], numbers: list[int]
) -> None:
    found = [each["id"] for each in events_of(run, *filters)]
    assert found == [said[number - 1]["id"] for number in numbers]


@pytest.mark.usefixtures("said")
def test_history_shows_a_table_to_people_and_no_token_to_anybody(run: Run) -> None:
    table = run("history", "--limit", "0").stdout
    assert "item_placed" in table
    assert "title Sherlock" in table
    assert "token_issued" in table
    assert "sha256" not in table
    assert len(events_of(run, "--limit", "0")) == 18


@pytest.mark.parametrize(
    "filters",
    [
        ["--type", "viewing"],
        ["--since", "yesterday"],
        ["--since", "2026"],
        ["--since", "20260131"],
        ["--until", "1769890500"],
        ["--until", "2026-W05-6"],
        ["--since", "2026-01-31T20:00:00"],
        ["--item", "film:x"],
        ["--group"],
        ["--limit", "-1"],
        ["--order", "random"],
    ],
)
def test_a_filter_that_makes_no_sense_is_misuse(run: Run, filters: list[str]) -> None:
    assert "Traceback" not in run("history", *filters, exit_code=2).stderr


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("text", ["now", "2026", "1.5", "-5000", "20260131", "20260131T201500Z"])
@pytest.mark.parametrize(
    "command", [["watched", "ada-tv"], ["next-up", "ada-tv"], ["why", "ada-tv", "movie:m"]]
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_place_that_is_none_or_not_there_yet_is_misuse(
    run: Run, command: list[str], text: str
) -> None:
    said = run(*command, f"--as-of={text}", exit_code=2).stderr
    words = " ".join(said.replace("│", " ").split())
    assert "--as-of" in words
    assert "send" in words


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_day_given_as_an_end_is_in_it(run: Run) -> None:
    watches = ["--type", "watch", "--type", "unwatch"]
    assert len(events_of(run, *watches, "--until", "2026-01-31")) == 4
    assert len(events_of(run, *watches, "--until", "2026-01-30")) == 0
    assert len(events_of(run, *watches, "--since", "2026-01-31", "--until", "2026-01-31")) == 4
    newest = events_of(run, "--from-position", "18")[-1]
    today = newest["recorded_at"][:10]
    rows = json.loads(run("watched", "ada-tv", "--json", "--as-of", today).stdout)["rows"]
    assert [row["item"] for row in rows] == ["season:s1"]
    at_end = run("watched", "ada-tv", "--json", "--as-of", str(newest["position"])).stdout
    assert json.loads(at_end)["rows"] == rows
