"""Zips that are hostile or broken: told by member, bounded, and the rest is read."""

import zipfile
from pathlib import Path

import pytest

from infrastructure.importing.files import archive
from infrastructure.importing.lines import FileProblem
from tests.infrastructure.importing.files.exports import packed, plays, problems, trakt_movie


def test_a_member_whose_path_leads_out_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    members = {
        "../watched-history.json": [trakt_movie("Foreign", 1)],
        "C:\\watched-history-1.json": [trakt_movie("Foreign", 2)],
        "watched-history-2.json": [trakt_movie("Own", 3)],
    }
    path = packed(tmp_path / "t.zip", members)
    assert [each.named.title for each in plays(path, "trakt")] == ["Own"]
    assert [each.where for each in problems(path, "trakt")] == [
        "'../watched-history.json'",
        "'C:\\\\watched-history-1.json'",
    ]


def test_a_bomb_isnt_read_to_its_end(tmp_path: Path) -> None:
    bomb = '[{"watched_at": 1}' + " " * 64 * 1024 * 1024 + "]"
    rest = [trakt_movie("Own", 3)]
    path = packed(
        tmp_path / "t.zip", {"watched-history.json": bomb, "watched-history-2.json": rest}
    )
    assert "Own" in [each.named.title for each in plays(path, "trakt")]
    assert any("times its size" in each.reason for each in problems(path, "trakt"))


def test_all_that_is_read_of_an_archive_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "t.zip", {"watched-history.json": [trakt_movie("A", 1)] * 9_000})
    monkeypatch.setattr(archive, "UNPACKED_BYTES_MAX", 300_000)
    assert any("more than any export" in each.reason for each in problems(path, "trakt"))


def test_a_member_that_is_damaged_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    members = {f"watched-history-{n}.json": [trakt_movie(f"F{n}", n)] for n in (1, 2)}
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, each in members.items():
            made.writestr(name, str(each).replace("'", '"').replace("None", "null"))
    path.write_bytes(path.read_bytes().replace(b'"F1"', b'"F9"', 1))
    assert "F2" in [each.named.title for each in plays(path, "trakt")]
    assert any("CRC" in each.reason for each in problems(path, "trakt"))


def test_a_document_that_breaks_off_is_told_with_how_far_it_was_read(tmp_path: Path) -> None:
    text = '[{"type": "movie", "watched_at": "2024-01-01T20:00:00Z", "movie": {"title": "A"}}, {"ty'
    path = packed(tmp_path / "t.zip", {"watched-history.json": text})
    assert len(plays(path, "trakt")) == 1
    [problem] = problems(path, "trakt")
    assert problem.where == "watched-history.json, after row 1"


def test_a_zip_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "t.zip", {"watched-history.json": [trakt_movie("A", 1)]})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileProblem, match="broken zip"):
        plays(path, "trakt")
