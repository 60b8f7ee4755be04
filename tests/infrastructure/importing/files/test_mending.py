"""What couldn't be taken is written so that no spreadsheet runs it, and read as it was."""

from pathlib import Path

import pytest

from infrastructure.importing.files.mending import Unresolved
from infrastructure.importing.files.said import Called, Said
from infrastructure.importing.files.taking import Became
from tests.infrastructure.importing.files.exports import plays

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "  =1+1"]


def _written(path: Path, said: Said) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        Unresolved(file).add(Became(said.where, "unresolved", said, "why", "some-id"))
    return path


@pytest.mark.parametrize("title", FORMULAS)
def test_no_cell_is_a_formula(tmp_path: Path, title: str) -> None:
    path = _written(tmp_path / "mend.csv", Said("line 2", "movie", Called({}, title)))
    assert f",'{title}," in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("title", ["Alien", "'Allo 'Allo!", *(each.strip() for each in FORMULAS)])
def test_what_was_written_is_read_as_it_was(tmp_path: Path, title: str) -> None:
    show = Called({"tvdb": "9", "imdb": "tt1"}, title, "2010")
    said = Said("line 2", "episode", Called({}, title), show, "1", "2", "2024-01-01")
    [found] = plays(_written(tmp_path / "mend.csv", said), "trakt")
    assert (found.named.title, found.show) == (title, show)
    assert found[4:] == ("1", "2", "2024-01-01", "", "some-id")
