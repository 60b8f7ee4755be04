"""README's first hour can be pasted command by command, and is answered as it says."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.events import ACTIVITY
from infrastructure.commands.submissions import EVENTS_BODY

ROOT = Path(__file__).parents[2]
_BLOCKS = re.compile(r"```sh\n(.*?)```\n\n```\n(.*?)```\n", re.DOTALL)
_END = "— that was it —"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="README's calls are curl's")


class Step(NamedTuple):
    """What is pasted, and what is answered; … stands for anything."""

    commands: str
    answer: str


def steps() -> list[Step]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## A first hour\n")[2].partition("\n## ")[0]
    found = [Step(*each) for each in _BLOCKS.findall(section)]
    assert section.count("```sh") == len(found)
    return found


class Terminal:
    """A shell into which commands are pasted, in the project's directory."""

    def __init__(self, shell: "subprocess.Popen[str]") -> None:
        self._shell = shell

    def paste(self, commands: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(commands)
        self._shell.stdin.flush()

    def lines(self) -> Iterator[str]:
        assert self._shell.stdout is not None
        yield from iter(self._shell.stdout.readline, "")

    def answer(self, commands: str) -> str:
        """What is answered by the time that the next command could be pasted."""
        self.paste(f"{commands}\necho; echo '{_END}'\n")
        told = ""
        for line in self.lines():
            if line.strip() == _END:
                break
            told += line
        return told


@contextmanager
def terminal() -> Iterator[Terminal]:
    env = {name: value for name, value in os.environ.items() if "WATCHLEDGER" not in name}
    with subprocess.Popen(
        ["/bin/bash"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            yield Terminal(shell)
        finally:
            os.killpg(shell.pid, 15)


def is_as(told: str, written: str) -> bool:
    """Whether an answer is what README has of it, however wide its gaps are."""
    parts = (re.escape(" ".join(part.split())) for part in written.split("…"))
    pattern = r" ?.*? ?".join(parts)
    return re.fullmatch(pattern, " ".join(told.split()), re.DOTALL) is not None


@needs_curl
def test_the_first_hour_goes_as_it_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def here(text: str) -> str:
        return text.replace("/tmp/first-hour", str(tmp_path)).replace("8470", str(port))  # noqa: S108

    serve, *others = [Step(here(each.commands), here(each.answer)) for each in steps()]
    with terminal() as first, terminal() as second:
        first.paste(serve.commands.replace("serve", f"serve --port {port}"))
        lines = first.lines()
        told = "".join(next(lines) for _ in serve.answer.splitlines())
        assert is_as(told, serve.answer), told
        for step in others:
            told = second.answer(step.commands)
            assert is_as(told, step.answer), (step.commands, told)
    assert len(others) > 5


def test_the_id_that_it_shows_is_the_one_of_the_apis_description() -> None:
    shapes = EVENTS_BODY.json_schema()["$defs"].values()
    properties = [each["properties"] for each in shapes if "id" in each.get("properties", ())]
    [shown] = [step.answer.strip() for step in steps() if "uuid5" in step.commands]
    assert [each["id"]["examples"] for each in properties] == [[shown]] * len(ACTIVITY)
