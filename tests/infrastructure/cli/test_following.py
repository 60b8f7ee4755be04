"""`watchledger follow`: what it takes, and what it says where something is missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infrastructure.cli import following
from infrastructure.cli.main import app
from infrastructure.following.spool import Spool


def _follow(*arguments: str, token: Path) -> tuple[int, str]:
    given = ["--url", "http://127.0.0.1:1", "--token-file", str(token)]
    result = CliRunner().invoke(app, ["follow", arguments[0], *given, *arguments[1:]])
    return result.exit_code, " ".join(result.stderr.replace("│", " ").split())


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("a-token")
    return path


def test_without_the_extra_it_says_what_to_install(
    token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "find_spec", lambda name: None if name == "guessit" else name)
    code, told = _follow("mpv", "--socket", "/run/mpv", token=token)
    assert code == 2
    assert "follow needs guessit." in told
    assert "pip install --constraint constraints.txt '.[follow]'" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("mpv",), "--socket"),
        (("kodi", "--address", "kodi"), "'kodi' is no address such as 127.0.0.1:9090"),
        (("kodi", "--address", "kodi:99999"), "is no address"),
        (("kodi", "--address", "kodi:9090", "--url", "ledger"), "'ledger' is no address"),
        (("kodi", "--address", "kodi:9090", "--token-file", "/nowhere"), "does not exist"),
        (("vlc", "--address", "127.0.0.1:4212"), "--password-file"),
    ],
)
def test_misuse_is_told(token: Path, arguments: tuple[str, ...], told: str) -> None:
    code, said = _follow(*arguments, token=token)
    assert code == 2
    assert told in said


def test_a_spool_that_another_follower_has_is_told(token: Path, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    try:
        code, told = _follow(
            "kodi", "--address", "127.0.0.1:1", "--spool", str(tmp_path / "spool"), token=token
        )
    finally:
        spool.close()
    assert code == 1
    assert "Another follower keeps what it hears" in told


def test_a_name_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    following._tell("\x1b[31m[bold]film.mkv\r isn't recorded")
    assert capsys.readouterr().err == "\ufffd[31m[bold]film.mkv\ufffd isn't recorded\n"
