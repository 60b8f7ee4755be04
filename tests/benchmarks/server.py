"""A real server on a port of its own, as `watchledger serve` has it, in a process of its own.

`python -m tests.benchmarks.server URL DIRECTORY KIND` says where it listens and serves until it is
told to end. Of KIND `api` it is the API alone, `nowhere` validates and answers all the same but
stores nothing, `whole` projects as well.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from infrastructure.bootstrap import opened
from infrastructure.commands.activity import ActivityHandler
from infrastructure.http.app import make_app
from infrastructure.http.server.serving import HttpServer, address_of, listen, stopped_by_signals
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Answer, Append, Outcome
from infrastructure.ledger.writer import Writer
from infrastructure.operations.logs import configure_logging
from infrastructure.projecting.garbage import leave_out_what_lasts
from infrastructure.settings.settings import load_settings

TOKEN = "the-benchmarks-admin"


class Nowhere(Writer):
    """Answers at once as if all had been recorded."""

    def __init__(self) -> None:
        super().__init__(lambda _: [])

    def submit(self, append: Append) -> Future[Answer]:
        answer: Future[Answer] = Future()
        outcomes = tuple(Outcome("recorded", 1, 1) for _ in append.entries)
        answer.set_result(Answer(outcomes, is_stale=False, position=1))
        return answer


@contextmanager
def serving(engine: Engine, kind: str) -> Iterator[int]:
    """The port of a server on this database, for as long as the block lasts."""
    url = engine.url.render_as_string(hide_password=False)
    with TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "tests.benchmarks.server", url, directory, kind]
        with subprocess.Popen(  # noqa: S603  # our own module
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout
            try:
                yield int(process.stdout.readline().rpartition(":")[2])
            finally:
                process.terminate()


def _serve(url: str, directory: str, kind: str) -> None:
    settings = load_settings(
        {
            "database_url": url,
            "data_dir": Path(directory),
            "admin_token": TOKEN,
            "port": 0,
            "requests_per_second": 0,
            "admin_requests_per_second": 0,
            "stranger_requests_per_second": 0,
            "hook_requests_per_second": 0,
        }
    )
    configure_logging(settings)
    with (
        listen(settings.host, settings.port) as listening,
        opened(settings, projects=kind == "whole") as services,
    ):
        if kind == "nowhere":
            engine = services.engine
            directories = CurrentDirectory(engine)
            nowhere = ActivityHandler(engine, Nowhere(), directories, services.policy)
            services = replace(services, activity=nowhere)  # noqa: PLW2901
        server = HttpServer(make_app(services), settings)
        leave_out_what_lasts()
        with stopped_by_signals(server.stop):
            sys.stdout.write(f"{address_of(listening)}\n")
            sys.stdout.flush()
            server.run(sockets=[listening])


if __name__ == "__main__":
    _serve(*sys.argv[1:])
