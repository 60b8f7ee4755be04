"""What other trackers export is taken in once, and what couldn't be is mended and taken then."""

import csv
import json
from pathlib import Path

import pytest

from tests.infrastructure.cli.shell import Run, write_lines
from tests.infrastructure.importing.files.exports import packed, trakt_episode, trakt_movie


@pytest.fixture
def export(tmp_path: Path) -> Path:
    plays = [
        trakt_episode(1),
        trakt_episode(2),
        trakt_movie("Alien", 1),
        trakt_movie("=Aliens", 2, "1970-01-01T00:00:00.000Z"),
    ]
    return packed(tmp_path / "trakt.zip", {"watched-history.json": plays})


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _ledger(run: Run) -> str:
    return run("export").stdout


@pytest.mark.usefixtures("library", "ada")
def test_an_export_that_is_imported_again_is_all_duplicates(run: Run, export: Path) -> None:
    first = run("import", "trakt", str(export), "--user", "ada", "--place")
    assert "4 recorded, 0 duplicate, 0 ambiguous, 0 unresolved" in first.stderr
    assert "1 items placed" in first.stderr
    before = _ledger(run)
    again = run("import", "trakt", str(export), "--user", "ada", "--place")
    assert "0 recorded, 4 duplicate, 0 ambiguous, 0 unresolved" in again.stderr
    assert "0 items placed" in again.stderr
    assert _ledger(run) == before
    item = json.loads(run("item", "ada-tv", "episode:s1e2", "--json").stdout)
    assert item["last_played_at"] == "2024-05-02T20:00:00Z"


@pytest.mark.usefixtures("library", "ada")
def test_what_cant_be_resolved_is_mended_and_imported(
    run: Run, export: Path, tmp_path: Path
) -> None:
    lacking = tmp_path / "mend.csv"
    options = ("--user", "ada", "--unresolved", str(lacking))
    result = run("import", "trakt", str(export), *options, exit_code=1)
    assert "3 recorded, 0 duplicate, 0 ambiguous, 1 unresolved" in result.stderr
    [row] = _rows(lacking)
    assert (row["title"], row["item"]) == ("'=Aliens", "")
    mended = lacking.read_text(encoding="utf-8").replace(",,movie,", ",movie:m,movie,")
    lacking.write_text(mended, encoding="utf-8")
    assert "1 recorded" in run("import", "trakt", str(lacking), *options).stderr
    assert _rows(lacking) == []
    again = run("import", "trakt", str(export), "--user", "ada")
    assert "0 recorded, 4 duplicate" in again.stderr


@pytest.mark.usefixtures("library", "ada")
def test_a_dry_run_says_the_same_and_leaves_the_ledger_as_it_was(run: Run, export: Path) -> None:
    before = _ledger(run)
    dry = run("import", "trakt", str(export), "--user", "ada", "--place", "--dry-run")
    assert "would be 4 recorded, 0 duplicate" in dry.stderr
    assert "1 items would be placed" in dry.stderr
    assert _ledger(run) == before
    run("import", "trakt", str(export), "--user", "ada", "--place")
    dry = run("import", "trakt", str(export), "--user", "ada", "--place", "--dry-run")
    assert "would be 0 recorded, 4 duplicate" in dry.stderr


@pytest.mark.usefixtures("library", "ada")
def test_the_importing_device_has_no_token(run: Run, export: Path) -> None:
    run("import", "trakt", str(export), "--user", "ada", "--place")
    exported = [json.loads(each) for each in _ledger(run).splitlines()[1:]]
    said = [each["topic"] for each in exported if each["stream"].endswith(":import.trakt.ada")]
    assert "token" not in " ".join(said)
    assert said[0].startswith("device_user_registered")


@pytest.mark.usefixtures("library")
def test_whose_plays_they_are_has_to_be_said_and_known(run: Run, export: Path) -> None:
    assert "--user" in run("import", "trakt", str(export), exit_code=2).stderr
    result = run("import", "trakt", str(export), "--user", "nobody", exit_code=1)
    assert "There is no user nobody" in result.stderr


@pytest.mark.usefixtures("library", "ada")
def test_a_wrong_time_is_told_with_its_line_mended_and_imported(run: Run, tmp_path: Path) -> None:
    diary, lacking = tmp_path / "diary.csv", tmp_path / "mend.csv"
    header = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    rows = ",Alien,,https://boxd.it/1,,,,2999-01-01\n,Alien,,https://boxd.it/1,,,,2024-01-01\n"
    diary.write_text(header + rows, encoding="utf-8")
    options = ("--user", "ada", "--unresolved", str(lacking))
    result = run("import", "letterboxd", str(diary), *options, exit_code=1)
    assert "diary.csv, line 2: 2999-01-01 lies ahead" in result.stderr
    assert "1 recorded, 0 duplicate, 0 ambiguous, 0 unresolved, 1 unreadable" in result.stderr
    mended = lacking.read_text(encoding="utf-8").replace(",2999-01-01,", ",2023-01-01,")
    lacking.write_text(mended, encoding="utf-8")
    assert "1 recorded" in run("import", "letterboxd", str(lacking), *options).stderr


@pytest.mark.usefixtures("library", "ada")
def test_what_fits_two_films_is_ambiguous(run: Run, tmp_path: Path) -> None:
    more = {"item": "movie:other", "parent": "movie_shelf:films", "title": "Alien"}
    run("import", "catalog", str(write_lines(tmp_path / "more", [more])))
    export = packed(tmp_path / "t.zip", {"watched-history.json": [trakt_movie("Alien", 1)]})
    result = run("import", "trakt", str(export), "--user", "ada", "--place", exit_code=1)
    assert "0 recorded, 0 duplicate, 1 ambiguous" in result.stderr


@pytest.mark.usefixtures("library", "ada")
def test_a_file_of_another_format_leaves_the_ledger_as_it_was(run: Run, tmp_path: Path) -> None:
    before = _ledger(run)
    export = packed(tmp_path / "t.zip", {"watched-history.json": [trakt_movie("Alien", 1)]})
    result = run("import", "letterboxd", str(export), "--user", "ada", exit_code=1)
    assert "use `watchledger import trakt`" in result.stderr
    assert _ledger(run) == before


@pytest.mark.usefixtures("library", "ada")
def test_an_item_that_isnt_there_is_told_and_kept_to_be_mended(
    run: Run, export: Path, tmp_path: Path
) -> None:
    lacking = tmp_path / "mend.csv"
    options = ("--user", "ada", "--unresolved", str(lacking))
    run("import", "trakt", str(export), *options, exit_code=1)
    mended = lacking.read_text(encoding="utf-8").replace(",,movie,", ",movie:typo,movie,")
    lacking.write_text(mended, encoding="utf-8")
    result = run("import", "trakt", str(lacking), *options, exit_code=1)
    assert "The catalog has no movie:typo" in result.stderr
    assert _rows(lacking)[0]["item"] == "movie:typo"
