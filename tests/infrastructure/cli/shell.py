"""What the tests of commands hand over: files of lines, and processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]
WATCHLEDGER = [sys.executable, "-m", "infrastructure.cli"]


def write_lines(path: Path, documents: list[Any]) -> Path:
    """Writes an NDJSON file; what is text already is written as it is."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in documents]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def watch(number: int, item: str, cduid: str = "ada-tv", kind: str = "watch") -> dict[str, Any]:
    """An event line; its number is its id and its minute."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "type": kind,
        "item": item,
        "cduid": cduid,
        "occurred_at": f"2026-01-31T20:{number:02}:00Z",
    }


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process of its own, killed at the end if it still runs."""
    with subprocess.Popen(  # noqa: S603  # our own command
        [*WATCHLEDGER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()
