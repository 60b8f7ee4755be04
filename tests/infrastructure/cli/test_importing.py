"""Imports: what is recorded, what is rejected with which line, and what a second run does."""

import gzip
import json
from pathlib import Path

import pytest

from tests.infrastructure.cli.shell import Run, watch, write_lines


def test_the_catalog_is_imported_in_any_order(run: Run, library: Path, tmp_path: Path) -> None:
    lines = library.read_text().splitlines()
    again = run("import", "catalog", str(library))
    assert "0 placed, 0 moved, 0 changed, 0 restored, 10 unchanged, 0 rejected" in again.stderr
    renamed = [line.replace(":s", ":t").replace(":tv", ":tv2") for line in reversed(lines)]
    result = run("import", "catalog", str(write_lines(tmp_path / "reversed", renamed)))
    assert "8 placed" in result.stderr
    assert "2 unchanged" in result.stderr
    result = run("item", "nobody", "show:t", exit_code=1)
    assert "nobody" in result.stderr


def test_an_item_that_comes_twice_is_as_its_last_line_says(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    early = {"item": "movie:m", "parent": "movie_shelf:later", "title": "First"}
    shelf = {"item": "movie_shelf:later"}
    last = {"item": "movie:m", "title": "Last"}
    result = run("import", "catalog", str(write_lines(tmp_path / "items", [early, shelf, last])))
    assert "2 placed, 0 moved, 1 changed" in result.stderr
    shown = json.loads(run("item", ada[0], "movie:m", "--json").stdout)
    assert shown["title"] == "Last"


def test_a_parent_that_never_comes_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    items = [{"item": "movie:m", "parent": "movie_shelf:none"}, {"item": "movie_shelf:other"}]
    path = write_lines(tmp_path / "items", items)
    result = run("import", "catalog", str(path), exit_code=1)
    assert "Line 1 (movie:m): movie_shelf:none isn't in the catalog" in result.stderr
    assert "1 placed" in result.stderr
    assert "1 rejected" in result.stderr


def test_events_that_are_imported_again_are_duplicates(
    run: Run, library: Path, ada: list[str], tmp_path: Path
) -> None:
    assert library.exists()
    assert ada
    path = write_lines(tmp_path / "events", [watch(1, "episode:s1e1"), watch(2, "episode:s1e2")])
    assert "2 recorded, 0 duplicate, 0 rejected" in run("import", "events", str(path)).stderr
    packed = gzip.compress(path.read_bytes())
    again = run("import", "events", "-", stdin=packed)
    assert "Standard input: 2 lines" in again.stderr
    assert "0 recorded, 2 duplicate, 0 rejected" in again.stderr


def test_rejected_lines_are_told_and_hold_back_no_other(
    run: Run, library: Path, ada: list[str], tmp_path: Path
) -> None:
    assert library.exists()
    assert ada
    bad = [
        "{",
        "[" * 100_000,
        '{"id": "\\ud800"}',
        watch(2, "episode:s1e1", cduid="nobody"),
        watch(3, "film:x"),
        {**watch(4, "movie:m"), "played_seconds": 3},
        {**watch(1, "movie:m")},
        watch(5, "season:s1", kind="progress"),
        "null",
        "x" * 2_000_000,
    ]
    path = write_lines(tmp_path / "events", [watch(1, "episode:s1e1"), "", *bad])
    with path.open("ab") as file:
        file.write(b'{"id": "\xff"}\n' + json.dumps(watch(6, "movie:m")).encode())
    rejected = tmp_path / "rejected"
    result = run("import", "events", str(path), "--rejected", str(rejected), exit_code=1)
    assert "2 recorded, 0 duplicate, 11 rejected" in result.stderr
    told = {each["line"]: each for each in map(json.loads, rejected.read_text().splitlines())}
    assert {line: each["code"] for line, each in told.items()} == {
        3: "invalid_json",
        4: "invalid_json",
        5: "invalid_json",
        6: "unknown_device_user",
        7: "invalid_event",
        8: "invalid_event",
        9: "submission_conflict",
        10: "progress_on_container",
        11: "invalid_event",
        12: "line_too_long",
        13: "invalid_json",
    }
    assert told[6]["name"] == watch(2, "x")["id"]
    assert "Line 12: The line has more than 1048576 bytes" in result.stderr


def test_the_screen_shows_the_first_rejected_and_counts_the_rest(run: Run, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "events", ["null"] * 1_500)
    result = run("import", "events", str(path), exit_code=1)
    assert result.stderr.count("Line ") == 20
    assert "… and 1,480 more; --rejected FILE writes them all." in result.stderr


def test_events_on_items_that_nobody_knows_are_recorded_and_told(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    assert ada
    path = write_lines(tmp_path / "events", [watch(1, "movie:later")])
    result = run("import", "events", str(path))
    assert "1 recorded" in result.stderr
    assert "1 are about items that the catalog doesn't have" in result.stderr


def test_a_file_that_breaks_off_leaves_what_came_before(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    assert ada
    path = write_lines(tmp_path / "e", [watch(number, "movie:m") for number in range(10)])
    broken = tmp_path / "e.gz"
    broken.write_bytes(gzip.compress(path.read_bytes())[:-4])
    result = run("import", "events", str(broken), exit_code=1)
    assert "10 recorded" in result.stderr
    assert "can't be read on after line 10" in result.stderr
    assert "import it again" in result.stderr


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    result = run("import", "events", str(tmp_path / "none"), exit_code=1)
    assert "none can't be read: No such file or directory." in result.stderr
    assert "Traceback" not in result.stderr


def test_a_catalog_that_breaks_off_leaves_what_came_before(run: Run, tmp_path: Path) -> None:
    items = [{"item": "movie:m", "parent": "movie_shelf:a"}, {"item": "movie_shelf:a"}]
    broken = tmp_path / "items.gz"
    broken.write_bytes(gzip.compress(write_lines(tmp_path / "i", items).read_bytes())[:-4])
    result = run("import", "catalog", str(broken), exit_code=1)
    assert "2 placed" in result.stderr
    assert "can't be read on after line 2" in result.stderr


def test_metadata_is_taken_as_it_comes(run: Run, tmp_path: Path) -> None:
    movie = {
        "item": "movie:m",
        "parent": "movie_shelf:films",
        "title": " The\r\n  Third \tMan\n",
        "external_ids": {"tmdb": 1092, "imdb": "tt0041959"},
    }
    items = [json.dumps(each) for each in ({"item": "movie_shelf:films"}, movie)]
    text = "\ufeff" + "\n".join(items)
    (tmp_path / "items").write_text(text, encoding="utf-8")
    assert "2 placed" in run("import", "catalog", str(tmp_path / "items")).stderr
    [placed] = run("history", "--item", "movie:m", "--json").stdout.splitlines()
    shown = json.loads(placed)["details"]
    assert shown["title"] == "The Third Man"
    assert shown["external_ids"] == {"tmdb": "1092", "imdb": "tt0041959"}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "a\x00b", "title holds control characters"),
        ("title", 5, "title should be a valid string"),
        ("external_ids", {"tmdb": 1.5}, "external_ids/tmdb should be a valid string"),
        ("external_ids", {"tmdb": True}, "external_ids/tmdb should be a valid string"),
        ("external_ids", {"tmdb": "1\t2"}, "external_ids/tmdb holds control characters"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_no_metadata_is_still_refused(
    run: Run, tmp_path: Path, field: str, value: object, said: str
) -> None:
    path = write_lines(tmp_path / "items", [{"item": "movie_shelf:films", field: value}])
    assert said in run("import", "catalog", str(path), exit_code=1).stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_an_array_is_told_how_to_become_lines(run: Run, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "items", [[{"item": "movie_shelf:films"}]])
    result = run("import", "catalog", str(path), exit_code=1)
    assert "jq -c '.[]' FILE > lines.ndjson" in result.stderr


def test_ticks_of_a_file_are_recorded_whole_and_are_duplicates_the_next_time(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    assert ada
    ticks = [
        {**watch(number, "movie:m", kind="progress"), "played_seconds": 600, "state": "paused"}
        for number in (1, 2, 3)
    ]
    path = str(write_lines(tmp_path / "events", ticks))
    assert "3 recorded, 0 duplicate" in run("import", "events", path).stderr
    assert "0 recorded, 3 duplicate" in run("import", "events", path).stderr
