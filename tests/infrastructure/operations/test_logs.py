"""Logs are for people where they go to a terminal, and for programs elsewhere, unless it is set."""

import json
import os
import pty
import sys
from pathlib import Path

import pytest
import structlog

from infrastructure.operations.logs import configure_logging
from infrastructure.settings.settings import load_settings


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
