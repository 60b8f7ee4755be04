"""Logs are for people where they go to a terminal, and for programs elsewhere, unless it is set."""

import json
import logging
import os
import pty
import sys
from io import StringIO
from pathlib import Path

import pytest
import structlog

from infrastructure.bootstrap import opened
from infrastructure.operations.logs import LossyStream, configure_logging
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, problem, served


def logged(monkeypatch: pytest.MonkeyPatch, descriptor: int, **settings: str) -> None:
    """Logs one event on what stands for standard error."""
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging(load_settings(settings))
        structlog.get_logger().info("request", status=200)


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    ours, theirs = pty.openpty()
    logged(monkeypatch, os.dup(theirs), **settings)
    told = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    return told


def in_a_file(monkeypatch: pytest.MonkeyPatch, path: Path, **settings: str) -> str:
    logged(monkeypatch, os.open(path, os.O_WRONLY | os.O_CREAT), **settings)
    return path.read_text(encoding="utf-8")


def test_at_a_terminal_people_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = at_a_terminal(monkeypatch)
    assert "request" in told
    assert "{" not in told


def test_in_a_file_programs_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert json.loads(in_a_file(monkeypatch, tmp_path / "log"))["status"] == 200


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert json.loads(at_a_terminal(monkeypatch, log_format="json"))["status"] == 200
    assert "{" not in in_a_file(monkeypatch, tmp_path / "log", log_format="console")


def test_a_path_does_nothing_to_the_terminal_that_it_is_logged_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging(load_settings({"log_format": "console"}))
        structlog.get_logger().info("request", path="/\x1b[2J\u202e", status=404)
    told = (tmp_path / "log").read_text(encoding="utf-8")
    assert "path=/\\u001b[2J\\u202e" in told
    assert "\x1b" not in told


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")


class Filling:
    """A disk that is full for a while."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_full = False

    def write(self, text: str) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.lines.append(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_how_many_lines_were_lost_stands_in_the_next_that_can_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Filling()
    monkeypatch.setattr(sys, "stderr", disk)
    configure_logging(load_settings({}))
    for is_full in (False, True, True, False, False):
        disk.is_full = is_full
        structlog.get_logger().info("request", is_full=is_full)
    disk.is_full = True
    logging.getLogger("a.library").warning("beware")
    disk.is_full = False
    structlog.get_logger().info("request", is_full=False)
    told = [json.loads(line) for line in disk.lines]
    assert [each.get("lost_lines") for each in told] == [None, 2, None, 1]


@needs_full
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_answer_does_not_hang_on_whether_it_can_be_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log_format: str
) -> None:
    settings = load_settings(
        {"data_dir": tmp_path, "admin_token": "the-admin", "log_format": log_format}
    )
    stream = os.fdopen(os.open(FULL, os.O_WRONLY), "w")
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(settings)
    with opened(settings, projects=False) as services, served(services) as address:
        api = Api(address, "the-admin", services)
        assert api.admin.get("/v1/history").status_code == 200
        services.engine.dispose()
        (tmp_path / "watchledger.db").unlink()
        assert problem(api.admin.get("/v1/history")) == (503, "database_missing")
        api.close()
    with pytest.raises(OSError, match="No space left"):
        stream.close()


def test_nobody_is_let_down_by_a_stream_that_was_closed() -> None:
    closed = StringIO()
    closed.close()
    stream = LossyStream(closed)
    stream.write("a line\n")
    assert stream.say_lost(None, "info", {}) == {"lost_lines": 1}
