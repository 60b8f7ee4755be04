"""A real VLC is followed by its telnet interface."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from socket import create_connection, socket
from time import monotonic, sleep

import pytest

from tests.infrastructure.following.ledger import Ledger, ledger
from tests.infrastructure.following.players import film, follower, heard

_PASSWORD = "vlc-password"

pytestmark = pytest.mark.skipif(
    not (shutil.which("vlc") and shutil.which("ffmpeg")),
    reason="VLC and ffmpeg aren't installed",
)


@pytest.fixture
def stand_in() -> Iterator[Ledger]:
    with ledger() as found:
        yield found


@pytest.fixture
def port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{_PASSWORD}\n")
    return path


def _program(directory: Path) -> Path:
    """VLC; it doesn't run for root unless it takes its parent's number for its user's."""
    installed = Path(str(shutil.which("vlc")))
    if os.geteuid():
        return installed
    copied = directory / "vlc"
    copied.write_bytes(installed.read_bytes().replace(b"geteuid", b"getppid"))
    copied.chmod(0o700)
    return copied


@contextmanager
def _vlc(directory: Path, port: int, *arguments: str | Path) -> Iterator["_Vlc"]:
    command = [
        str(_program(directory)),
        *("-I", "dummy", "--vout", "vdummy", "--no-audio", "--no-one-instance"),
        *("--extraintf", "telnet", "--telnet-host", "127.0.0.1", "--telnet-port", str(port)),
        *("--telnet-password", _PASSWORD),
        *map(str, arguments),
    ]
    with (
        (directory / "vlc.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,  # noqa: S603  # VLC
    ):
        try:
            yield _Vlc(port, process)
        finally:
            process.kill()


class _Vlc:
    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self._port = port
        self.process = process

    def tell(self, *commands: str) -> None:
        """Says what a viewer would, once VLC listens."""
        until = monotonic() + 20
        while True:
            try:
                connection = create_connection(("127.0.0.1", self._port))
            except OSError:
                assert monotonic() < until
                sleep(0.1)
            else:
                break
        with connection, connection.makefile("rwb") as line:
            for each in (_PASSWORD, *commands):
                line.write(f"{each}\n".encode())
                line.flush()
                sleep(0.3)


def _options(port: int, password: Path) -> tuple[str, ...]:
    return "--address", f"127.0.0.1:{port}", "--password-file", str(password)


def test_a_film_that_is_paused_sought_and_stopped(
    tmp_path: Path, port: int, password: Path, stand_in: Ledger
) -> None:
    alien = film(tmp_path / "films & more", "Alien (1979).mkv")
    with (
        follower("vlc", stand_in, tmp_path, *_options(port, password)),
        _vlc(tmp_path, port, alien) as vlc,
    ):
        stand_in.wait(bool)
        vlc.tell("pause")
        stand_in.wait(lambda said: said[-1][1] == "paused")
        vlc.tell("pause")
        stand_in.wait(lambda said: len(said) == 3)
        vlc.tell("seek 200")
        stand_in.wait(lambda said: len(said) == 4)
        vlc.tell("stop")
        stand_in.wait(lambda said: len(said) == 5)
    states = [state for _, state, _ in stand_in.said()]
    assert states == ["playing", "paused", "playing", "playing", "stopped"]
    assert {what for what, _, _ in stand_in.said()} == {"Alien"}
    places = [place for _, _, place in stand_in.said()]
    assert places == sorted(places)
    assert places[2] < 100
    assert places[3] >= 195
    assert {each["duration_seconds"] for each in stand_in.recorded} == {300}


@pytest.mark.long
def test_films_one_after_the_other_are_played_to_their_ends(
    tmp_path: Path, port: int, password: Path, stand_in: Ledger
) -> None:
    first = film(tmp_path / "films", "Sherlock.S01E01.mkv")
    second = Path(shutil.copyfile(first, first.with_name("Sherlock.S01E02.mkv")))
    with (
        follower("vlc", stand_in, tmp_path, *_options(port, password)),
        _vlc(tmp_path, port, "--start-time=285", "--play-and-exit", first, second) as vlc,
    ):
        vlc.process.wait(90)
        stand_in.wait(lambda said: len([each for each in said if "stopped" in each]) == 2)
    # Where it began is a jump that may be told by itself.
    told = [each[:2] for each in stand_in.said()]
    assert [each for each, _ in groupby(told)] == [
        (1, "playing"),
        (1, "stopped"),
        (2, "playing"),
        (2, "stopped"),
    ]
    assert all(place >= 297 for _, state, place in stand_in.said() if state == "stopped")


def test_a_vlc_that_is_killed_has_stopped_where_it_was(
    tmp_path: Path, port: int, password: Path, stand_in: Ledger
) -> None:
    alien = film(tmp_path / "films", "Alien.1979.mkv")
    with (
        follower("vlc", stand_in, tmp_path, *_options(port, password)),
        _vlc(tmp_path, port, "--start-time=100", alien) as vlc,
    ):
        stand_in.wait(bool)
        vlc.process.kill()
        stand_in.wait(lambda said: len(said) == 2)
    [_, stopped] = stand_in.said()
    assert stopped[:2] == ("Alien", "stopped")
    assert 99 <= stopped[2] < 150


def test_another_password_is_told(
    tmp_path: Path, port: int, password: Path, stand_in: Ledger
) -> None:
    password.write_text("wrong")
    with (
        _vlc(tmp_path, port),
        follower("vlc", stand_in, tmp_path, *_options(port, password)) as process,
    ):
        heard(process, "has another --telnet-password")
