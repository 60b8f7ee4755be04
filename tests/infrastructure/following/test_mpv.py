"""A real mpv is followed: nothing of what it plays is lost, and nothing is said twice."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from tests.infrastructure.following.ledger import Ledger, ledger
from tests.infrastructure.following.players import (
    FILM_SECONDS,
    film,
    follower,
    heard,
    mpv,
    tell_mpv,
)

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


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "mpv"


def _options(socket: Path) -> tuple[str, str]:
    return "--socket", str(socket)


def test_a_film_that_is_paused_resumed_sought_and_quit(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)),
        mpv(socket, "--pause", films / "Alien.1979.mkv") as player,
    ):
        stand_in.wait(lambda said: said == [("Alien", "paused", 0)])
        tell_mpv(socket, "seek", 100, "absolute")
        stand_in.wait(lambda said: said[1:] == [("Alien", "paused", 100)])
        tell_mpv(socket, "set_property", "pause", False)
        stand_in.wait(lambda said: len(said) == 3)
        tell_mpv(socket, "seek", 200, "absolute")
        stand_in.wait(lambda said: len(said) == 4)
        tell_mpv(socket, "quit")
        assert player.wait(30) == 0
        stand_in.wait(lambda said: len(said) == 5)
    assert [state for _, state, _ in stand_in.said()[2:]] == ["playing", "playing", "stopped"]
    assert 100 <= stand_in.said()[2][2] < 150
    assert 200 <= stand_in.said()[3][2] <= stand_in.said()[4][2] < 250
    assert stand_in.tokens == {"Bearer device-token"}


@pytest.mark.long
def test_a_player_that_is_killed_has_stopped_where_it_was(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)),
        mpv(socket, "--start=100", films / "Alien.1979.mkv") as player,
    ):
        stand_in.wait(bool)
        player.kill()
        stand_in.wait(lambda said: len(said) == 2)
        with mpv(socket, "--pause", films / "Sherlock.S01E01.mkv"):  # over the socket's file
            stand_in.wait(lambda said: len(said) == 3)
    started, stopped, other = stand_in.said()
    assert (started[:2], stopped[:2]) == (("Alien", "playing"), ("Alien", "stopped"))
    assert 100 <= started[2] <= stopped[2] < 150
    assert other == (1, "paused", 0)


def test_a_ledger_that_is_away_gets_all_of_it_when_it_is_back(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with follower("mpv", stand_in, tmp_path, *_options(socket)) as process:
        with mpv(socket, "--pause", films / "Alien.1979.mkv") as player:
            stand_in.wait(bool)
            stand_in.closes()
            tell_mpv(socket, "seek", 100, "absolute")
            tell_mpv(socket, "set_property", "pause", False)
            heard(process, "is kept")
            tell_mpv(socket, "quit")
            assert player.wait(30) == 0
            heard(process, "has ended")
        process.kill()  # as a machine that loses its power
        process.wait()
    assert stand_in.said() == [("Alien", "paused", 0)]
    stand_in.opens()
    with follower("mpv", stand_in, tmp_path, *_options(socket)):
        stand_in.wait(lambda said: said[-1][1] == "stopped")
    assert [state for _, state, _ in stand_in.said()] == ["paused", "playing", "stopped"]
    times = [each["occurred_at"] for each in stand_in.recorded]
    assert times == sorted(times)


@pytest.mark.long
def test_a_follower_that_ends_and_comes_back_goes_on_with_what_is_on(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with mpv(socket, "--start=50", films / "Alien.1979.mkv"):
        with follower("mpv", stand_in, tmp_path, *_options(socket)) as process:
            stand_in.wait(bool)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert [state for _, state, _ in stand_in.said()] == ["playing", "playing"]
        with follower("mpv", stand_in, tmp_path, *_options(socket)):
            stand_in.wait(lambda said: len(said) == 3)
    places = [seconds for _, _, seconds in stand_in.said()]
    assert places == sorted(places)


@pytest.mark.long
def test_a_player_that_is_frozen_neither_moves_nor_hangs_its_follower(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)) as process,
        mpv(socket, films / "Alien.1979.mkv") as player,
    ):
        stand_in.wait(bool)
        player.send_signal(signal.SIGSTOP)
        sleep(2)
        player.send_signal(signal.SIGCONT)
        tell_mpv(socket, "set_property", "pause", True)
        stand_in.wait(lambda said: len(said) == 2)
        player.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        player.send_signal(signal.SIGCONT)
    assert [state for _, state, _ in stand_in.said()] == ["playing", "paused"]
    assert stand_in.said()[1][2] < 30


@pytest.mark.long
def test_a_laptop_that_sleeps_goes_on_where_it_was(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)) as process,
        mpv(socket, films / "Alien.1979.mkv") as player,
    ):
        stand_in.wait(bool)
        for asleep in (signal.SIGSTOP, signal.SIGCONT):
            for each in (process, player):
                each.send_signal(asleep)
            sleep(3)
        tell_mpv(socket, "quit")
        stand_in.wait(lambda said: len(said) == 2)
    assert [state for _, state, _ in stand_in.said()] == ["playing", "stopped"]
    assert stand_in.said()[1][2] < 30


def test_what_is_played_while_the_follower_sleeps_is_heard_when_it_wakes(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)) as process,
        mpv(socket, films / "Alien.1979.mkv") as player,
    ):
        stand_in.wait(bool)
        process.send_signal(signal.SIGSTOP)
        tell_mpv(socket, "seek", 150, "absolute")
        sleep(1)
        tell_mpv(socket, "quit")
        assert player.wait(30) == 0
        process.send_signal(signal.SIGCONT)
        stand_in.wait(lambda said: said[-1][1] == "stopped")
    assert 150 <= stand_in.said()[-1][2] < 200
    assert len(stand_in.said()) <= 3


@pytest.mark.long
def test_a_file_of_two_episodes_played_through_is_both(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)),
        mpv(
            socket, "--pause", "--speed=50", "--start=100", films / "Pilots.S01E01E02.mkv"
        ) as player,
    ):
        stand_in.wait(bool)
        tell_mpv(socket, "set_property", "pause", False)
        assert player.wait(60) == 0
        stand_in.wait(lambda said: len(said) == 5)
    half = FILM_SECONDS / 2
    assert [each[:2] for each in stand_in.said()[:2]] == [(1, "paused"), (1, "playing")]
    assert stand_in.said()[2:] == [
        (1, "stopped", half),
        (2, "playing", 0),
        (2, "stopped", half),
    ]


def test_a_stream_and_a_song_are_told_once_and_not_sent(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    song = tmp_path / "song.mp3"
    shutil.copyfile(films / "Alien.1979.mkv", song)
    with (
        follower("mpv", stand_in, tmp_path, *_options(socket)) as process,
        mpv(socket, "--pause", song),
    ):
        heard(process, "song.mp3 has no ending of a film's file: nothing is said of it.")
    assert stand_in.said() == []


@pytest.mark.long
def test_an_evening_at_high_speed_with_a_ledger_that_comes_and_goes(
    films: Path, tmp_path: Path, socket: Path, stand_in: Ledger
) -> None:
    names = ("Sherlock.S01E01.mkv", "Sherlock.S01E02.mkv", "Alien.1979.mkv") * 4
    with follower("mpv", stand_in, tmp_path, *_options(socket)):
        with mpv(socket, "--pause", "--speed=50", *(films / each for each in names)) as player:
            stand_in.wait(lambda said: said == [(1, "paused", 0)])
            tell_mpv(socket, "set_property", "pause", False)
            while player.poll() is None:
                stand_in.closes()
                sleep(3)
                stand_in.opens()
                sleep(3)
        stand_in.wait(lambda said: len(said) == 1 + 2 * len(names))
    played = [1, 2, "Alien"] * 4
    assert [each for each in stand_in.said() if each[1] == "stopped"] == [
        (each, "stopped", FILM_SECONDS) for each in played
    ]
    assert [what for what, state, _ in stand_in.said() if state == "playing"] == played
