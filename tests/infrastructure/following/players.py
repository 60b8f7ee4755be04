"""Followers in processes of their own, and real players, without a screen or a sound."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket
from threading import Timer
from time import monotonic, sleep
from typing import Any

from tests.infrastructure.following.ledger import TOKEN, Ledger

FILM_SECONDS = 300
_FOLLOWED_SECONDS_MAX = 300
"""Then it is ended, so that nobody waits for ever for what it doesn't tell."""

_WATCHLEDGER = [sys.executable, "-m", "infrastructure.cli"]


def film(directory: Path, name: str) -> Path:
    """A film of five minutes, black and silent."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    picture = f"color=c=black:s=16x16:r=5:d={FILM_SECONDS}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-c:v", "mpeg4", str(path)]
    subprocess.run(command, check=True)  # noqa: S603  # a film of our own
    return path


@contextmanager
def follower(
    player: str, ledger: Ledger, directory: Path, *options: str, token: str = TOKEN
) -> Iterator[Any]:
    """`watchledger follow`, killed at the end if it still runs."""
    token_file = directory / "token"
    token_file.write_text(f"{token}\n")
    given = [
        "--url",
        ledger.url,
        "--token-file",
        str(token_file),
        "--spool",
        str(directory / "spool"),
    ]
    command = [*_WATCHLEDGER, "follow", player, *options, *given]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        too_long = Timer(_FOLLOWED_SECONDS_MAX, process.kill)
        too_long.start()
        try:
            assert process.stderr
            assert "Following" in process.stderr.readline()
            yield process
        finally:
            too_long.cancel()
            process.kill()


def heard(process: Any, text: str) -> None:
    """Waits until the follower has told that on its terminal."""
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(text)


@contextmanager
def mpv(socket_path: Path, *arguments: str | Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [
        str(shutil.which("mpv")),
        *("--no-config", "--vo=null", "--ao=null", "--really-quiet", "--idle=no"),
        f"--input-ipc-server={socket_path}",
        *map(str, arguments),
    ]
    with subprocess.Popen(command) as process:  # noqa: S603  # mpv
        try:
            yield process
        finally:
            process.kill()


def tell_mpv(socket_path: Path, *command: Any) -> None:
    """Says to mpv what a key would, once it listens."""
    with socket(AF_UNIX) as connection:
        _connect(connection, socket_path)
        connection.sendall(json.dumps({"command": command}).encode() + b"\n")
        connection.makefile().readline()


def _connect(connection: socket, path: Path) -> None:
    until = monotonic() + 10
    while True:
        try:
            connection.connect(str(path))
        except OSError:
            assert monotonic() < until
            sleep(0.05)
        else:
            return
