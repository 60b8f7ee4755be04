"""A real mpv is followed: nothing of what it plays is lost, and nothing is said twice."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.following.ledger import Ledger, ledger
from tests.infrastructure.following.players import FILM_SECONDS, film, follower, mpv, tell_mpv

pytestmark = pytest.mark.skipif(
    not (shutil.which("mpv") and shutil.which("ffmpeg")),
    reason="mpv and ffmpeg aren't installed",
)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("films")
    first = film(directory, "Sherlock.S01E01.mkv")
    for name in ("Sherlock.S01E02.mkv", "Alien.1979.mkv", "Pilots.S01E01E02.mkv"):
        shutil.copyfile(first, directory / name)
    return directory


@pytest.fixture
def stand_in() -> Iterator[Ledger]:
    with ledger() as found:
        yield found
    assert not found.contradicted


def test_an_evening_of_three_films_one_after_the_other(
    films: Path, tmp_path: Path, stand_in: Ledger
) -> None:
    names = ("Sherlock.S01E01.mkv", "Sherlock.S01E02.mkv", "Alien.1979.mkv")
    socket = tmp_path / "mpv"
    with follower("mpv", stand_in, tmp_path, "--socket", str(socket)):
        with mpv(socket, "--pause", "--speed=100", *(films / each for each in names)) as player:
            stand_in.wait(lambda said: said == [(1, "paused", 0)])
            tell_mpv(socket, "set_property", "pause", False)
            assert player.wait(30) == 0
        stand_in.wait(lambda said: len(said) == 7)
    assert stand_in.said() == [
        (1, "paused", 0),
        (1, "playing", 0),
        (1, "stopped", FILM_SECONDS),
        (2, "playing", 0),
        (2, "stopped", FILM_SECONDS),
        ("Alien", "playing", 0),
        ("Alien", "stopped", FILM_SECONDS),
    ]
    assert {each["duration_seconds"] for each in stand_in.recorded} == {FILM_SECONDS}
    assert stand_in.tokens == {"Bearer device-token"}
