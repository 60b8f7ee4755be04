"""The commands that run, in processes of their own: they say where they are, and end in order."""

import json
import os
import re
import signal
import socket
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import head
from tests.infrastructure.cli.shell import Run, started, watch, write_lines

_END_SECONDS = 10


def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "WATCHLEDGER_DATA_DIR": str(tmp_path / "data"),
        "WATCHLEDGER_DATABASE_URL": database_url,
        "WATCHLEDGER_PORT": "0",
    }


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_takes_events_shows_them_and_ends_in_order(
    database_url: str, tmp_path: Path, ending: signal.Signals
) -> None:
    with started("serve", **environment(database_url, tmp_path)) as process:
        assert process.stdout is not None
        says = "".join(process.stdout.readline() for _ in range(3))
        url = re.findall(r"http://\S+", says)[0]
        token_path = tmp_path / "data" / "admin-token"
        assert f"kept in {token_path}" in says
        assert token_path.stat().st_mode & 0o777 == 0o600
        headers = {"Authorization": f"Bearer {token_path.read_text().strip()}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            about = {"user": "ada", "device": "tv"}
            assert client.put("/v1/device-users/ada-tv", json=about).status_code == 201
            sent = client.post("/v1/events", json={"events": [watch(1, "movie:m")]}).json()
            after = {"after": sent["position"]}
            assert client.get("/v1/device-users/ada-tv/history", params=after).json()["events"]
            process.send_signal(ending)
            assert process.wait(_END_SECONDS) == 0
        logged = process.stderr.read() if process.stderr else ""
    assert headers["Authorization"].split()[1] not in logged
    assert all(json.loads(line)["level"] == "info" for line in logged.splitlines())


@pytest.mark.parametrize("backend", ["sqlite"])
def test_serve_without_a_projector_leaves_projecting_to_another_process(
    database_url: str, tmp_path: Path, run: Run
) -> None:
    run("device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    token = run("device-user", "rotate-token", "ada-tv").stdout.strip()
    env = environment(database_url, tmp_path)
    headers = {"Authorization": f"Bearer {token}"}
    with started("serve", "--no-projector", **env) as serving, started("project", **env) as other:
        assert serving.stdout is not None
        url = re.findall(r"http://\S+", serving.stdout.readline())[0]
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            sent = client.post("/v1/events", json={"events": [watch(1, "movie:m")]}).json()
            after = {"after": sent["position"], "wait_seconds": 20}
            answer = client.get("/v1/device-users/ada-tv/history", params=after, timeout=30)
            assert answer.status_code == 200
        for process in (serving, other):
            process.send_signal(signal.SIGTERM)
            assert process.wait(_END_SECONDS) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port), exit_code=1)
    assert f"127.0.0.1:{port} can't be listened at: Address already in use." in result.stderr


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize("command", ["serve", "project"])
def test_an_old_schema_on_postgresql_is_refused_with_the_command_to_run(
    empty_database_url: str, run: Run, command: str
) -> None:
    result = run(command, "--database-url", empty_database_url, "--port", "0", exit_code=1)
    assert "Run `watchledger migrate`." in result.stderr
    assert run("migrate", "--database-url", empty_database_url).exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = run("serve", "--data-dir", str(tmp_path / "no"), exit_code=2)
    assert "WATCHLEDGER_DATA_DIR" in result.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_import_that_is_interrupted_says_how_far_it_came_and_can_be_run_again(
    database_url: str, engine: Engine, tmp_path: Path, run: Run
) -> None:
    run("device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    events = [{**watch(1, "movie:m"), "id": str(UUID(int=number))} for number in range(2_500)]
    text = write_lines(tmp_path / "events", events).read_text()
    env = environment(database_url, tmp_path)
    with started("import", "events", "-", **env) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(text)
        process.stdin.flush()
        _wait_for(engine, 2_000)
        process.send_signal(signal.SIGINT)
        assert process.wait(_END_SECONDS) != 0
        assert "2,000 recorded" in process.stderr.read()
    again = run("import", "events", str(tmp_path / "events"))
    assert "500 recorded, 2,000 duplicate, 0 rejected" in again.stderr


def _wait_for(engine: Engine, position: int) -> None:
    until = monotonic() + 30
    while monotonic() < until:
        with read_transaction(engine) as connection:
            if head(connection).position >= position:
                return
        sleep(0.05)
    raise AssertionError(f"the ledger never reached {position}")
