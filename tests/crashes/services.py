"""Real processes of the service, for tests that kill them, and what is asked of what they leave."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
from sqlalchemy import Engine

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import head
from projections.bookmark import read_bookmark

ADMIN_TOKEN = "the-admin-of-crashes"
PATIENCE_SECONDS = 60.0
_ROOT = Path(__file__).parents[2]
_UNLIMITED = {
    f"WATCHLEDGER_{who}REQUESTS_PER_SECOND": "0" for who in ("", "ADMIN_", "STRANGER_", "HOOK_")
}


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it took too long"
        sleep(0.02)


@dataclass
class Home:
    """Where processes find their database, and where they leave what they say."""

    database_url: str
    directory: Path
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A command in a process of its own; what it says goes to files."""
        said = self.said(len(self.started))
        env = {
            **os.environ,
            **_UNLIMITED,
            "WATCHLEDGER_DATA_DIR": str(self.directory / "data"),
            "WATCHLEDGER_DATABASE_URL": self.database_url,
            "WATCHLEDGER_ADMIN_TOKEN": ADMIN_TOKEN,
            "WATCHLEDGER_POLL_SECONDS": "0.05",
            **environment,
        }
        with said.open("wb") as out, said.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, "-m", "infrastructure.cli", *arguments],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=env,
            )
        self.started.append(process)
        return process

    def said(self, number: int) -> Path:
        return self.directory / f"process-{number}.out"

    def serve(self, *arguments: str, port: int = 0) -> "Service":
        """A service that answers."""
        number = len(self.started)
        process = self.start("serve", *arguments, "--port", str(port))
        found: list[str] = []

        def is_announced() -> bool:
            assert process.poll() is None, self.said(number).with_suffix(".err").read_text()
            found[:] = re.findall(r"http://[\d.:]+\d", self.said(number).read_text())
            return bool(found)

        wait_until(is_announced)
        return Service(process, found[0])

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command that comes to its end."""
        process = self.start(*arguments)
        code = process.wait(PATIENCE_SECONDS)
        said = self.said(self.started.index(process))
        return subprocess.CompletedProcess(
            arguments, code, said.read_text(), said.with_suffix(".err").read_text()
        )

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def home_at(database_url: str, directory: Path) -> Iterator[Home]:
    home = Home(database_url, directory)
    try:
        yield home
    finally:
        home.end()


@dataclass
class Service:
    """A process that serves, and its address."""

    process: "subprocess.Popen[bytes]"
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
            trust_env=False,
            timeout=30,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def settle(self, *cduids: str) -> None:
        """A small catalog, and device users, all of one user."""
        items = [
            {"item": "movie_shelf:m"},
            *({"item": f"movie:{n}", "parent": "movie_shelf:m"} for n in range(20)),
        ]
        with self.client() as client:
            assert client.post("/v1/catalog/items", json={"items": items}).status_code == 200
            for cduid in cduids:
                about: dict[str, Any] = {"user": "ada", "device": f"device-{cduid}"}
                answer = client.put(f"/v1/device-users/{cduid}", json=about)
                assert answer.status_code in {200, 201}, answer.text

    def is_ready(self) -> bool:
        """Whether it can serve, and its projections have come to the ledger's end."""
        with self.client() as client:
            try:
                answer = client.get("/readyz")
            except httpx.TransportError:
                return False
        return answer.status_code == 200 and answer.json()["lag_events"] == 0


def is_projected(engine: Engine) -> bool:
    """Whether the read models hold all of the ledger."""
    with read_transaction(engine) as connection:
        place = read_bookmark(connection)
        return place is not None and place.position == head(connection).position
