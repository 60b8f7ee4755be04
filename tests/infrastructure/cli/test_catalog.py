"""The catalog from the command line: which items are one work."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cli.shell import Run, watch, write_lines


@pytest.fixture
def films(run: Run, tmp_path: Path) -> Path:
    """A film on two shelves, and a show on two that is known by an id; the file they came from."""
    lines: list[dict[str, Any]] = [
        {"item": "movie:hd", "parent": "movie_shelf:hd", "title": "Alien", "year": 1979},
        {"item": "movie:uhd", "parent": "movie_shelf:uhd", "released_at": "1979-05-25"},
        {"item": "movie_shelf:hd"},
        {"item": "movie_shelf:uhd"},
    ]
    for shelf in ("x", "y"):
        lines += [
            {"item": f"show_shelf:{shelf}"},
            {"item": f"show:{shelf}", "parent": f"show_shelf:{shelf}", "external_ids": {"tvdb": 7}},
            {"item": f"season:{shelf}", "parent": f"show:{shelf}", "index": 1},
            {"item": f"episode:{shelf}", "parent": f"season:{shelf}", "index": 1},
        ]
    path = write_lines(tmp_path / "films.ndjson", lines)
    run("import", "catalog", str(path))
    return path


def watched(run: Run, cduid: str) -> list[str]:
    rows = json.loads(run("watched", cduid, "--json").stdout)["rows"]
    return [each["item"] for each in rows]


def test_two_films_are_linked_and_unlinked(run: Run, films: Path) -> None:
    linked = run("catalog", "link", "movie:uhd", "movie:hd")
    assert "movie:uhd and movie:hd are one work." in linked.stderr
    assert "are one work already" in run("catalog", "link", "movie:hd", "movie:uhd").stderr
    assert "movie:hd is a work of its own" in run("catalog", "unlink", "movie:hd").stderr
    assert films.exists()


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        (["link", "movie:hd", "movie:hd"], "one work with itself"),
        (["link", "movie:hd", "episode:x"], "different kinds"),
        (["link", "movie:hd", "show:x"], "holds other items"),
        (["link", "movie:hd", "movie:gone"], "no movie:gone"),
        (["unlink", "movie:gone"], "no movie:gone"),
    ],
)
@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_can_not_be_one_work_is_refused(run: Run, arguments: list[str], detail: str) -> None:
    result = run("catalog", *arguments, exit_code=1)
    assert result.stderr.startswith("Error: ")
    assert detail in result.stderr


def test_a_catalog_that_is_imported_links_what_shares_an_id(
    run: Run, films: Path, ada: list[str], tmp_path: Path
) -> None:
    events = write_lines(tmp_path / "events.ndjson", [watch(1, "episode:y")])
    run("import", "events", str(events))
    assert watched(run, ada[0]) == ["show_shelf:x", "show_shelf:y"]
    again = run("import", "catalog", str(films))
    assert "12 unchanged" in again.stderr


def test_a_catalog_with_its_links_is_exported_and_imported_to_the_letter(
    run: Run, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert films.exists()
    run("catalog", "link", "movie:uhd", "movie:hd")
    run("catalog", "unlink", "episode:x")
    run("export", "--out", str(tmp_path / "ledger.ndjson"))
    exported = (tmp_path / "ledger.ndjson").read_text(encoding="utf-8")
    for said in ('"same_as\\":\\"movie:hd', "item_unlinked.v1", "1979-05-25", '\\"year\\":1979'):
        assert said in exported
    monkeypatch.setenv("WATCHLEDGER_DATABASE_URL", f"sqlite:///{tmp_path / 'copy.db'}")
    run("import", "ledger", str(tmp_path / "ledger.ndjson"))
    run("export", "--out", str(tmp_path / "copy.ndjson"))
    assert (tmp_path / "copy.ndjson").read_text(encoding="utf-8") == exported
    assert "one work already" in run("catalog", "link", "movie:uhd", "movie:hd").stderr
    assert "a work of its own" in run("catalog", "unlink", "episode:x").stderr
    run("verify")
