"""The real libraries, each in a process with nothing else beside it: both call themselves trakt."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api import Api

_HERE = Path(__file__).parent
_CLIENTS = Path(sys.prefix) / "clients"


def evening(api: Api, library: str, script: str) -> dict[str, Any]:
    """What a library was told, whose code a person approved."""
    if not (_CLIENTS / library).exists():
        pytest.skip(f"{library} isn't in {_CLIENTS}; make setup puts it there")
    command = [sys.executable, "-u", "-W", "ignore", str(_HERE / script), f"{api.address}/trakt"]
    environment = {**os.environ, "PYTHONPATH": str(_CLIENTS / library)}
    with subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        code = re.search(r"\b[A-Z0-9]{8}\b", line)
        assert code, process.stderr and process.stderr.read()
        body = {"code": code[0], "user": "ann"}
        assert api.admin.post("/v1/trakt/authorizations", json=body).status_code == 200, line
        out, faults = process.communicate(timeout=60)
    assert process.returncode == 0, faults
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def test_trakt_py_scrobbles_reads_back_and_removes(api: Api) -> None:
    told = evening(api, "trakt.py", "speak_trakt_py.py")
    assert told["name"] == "ann"
    assert (told["started"], told["paused"], told["stopped"]) == ("start", "pause", "scrobble")
    assert told["playback"] == [41.25]
    assert told["added"]["added"]["movies"] == 1
    assert len(told["history"]) == 2
    assert told["watched"] == [[[1, 1]]]
    assert told["removed"]["deleted"]["movies"] == 1
    assert told["movies"] == []
    assert told["found"] == ["The Third Man"]


def test_pytrakt_scrobbles_reads_back_and_removes(api: Api) -> None:
    told = evening(api, "pytrakt", "speak_pytrakt.py")
    assert told["seasons"] == [1]
    assert told["playback"] == [50.0]
    assert told["watched"] == ["Sherlock"]
    assert told["added"]["added"]["movies"] == 1
    assert told["movies"] == ["The Third Man"]
    assert told["removed"]["deleted"]["movies"] == 1
    assert told["left"] == []
    assert told["completed"] == 1
