"""The commands that run: the service, a projector, and a schema's migration."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer
from rich.markup import escape

from infrastructure.bootstrap import opened, prepare_schema, projector_of
from infrastructure.cli.console import answers, errors
from infrastructure.cli.options import SETTINGS, takes_settings
from infrastructure.database.engine import read_transaction, shown_url
from infrastructure.database.migrations import migrate
from infrastructure.http.app import make_app
from infrastructure.http.server.serving import HttpServer, address_of, listen, stopped_by_signals
from infrastructure.operations.logs import configure_logging
from infrastructure.projecting.garbage import leave_out_what_lasts
from infrastructure.pulling.schedule import pulled_every
from infrastructure.services import Services
from infrastructure.settings.database import engine_of
from infrastructure.settings.settings import Settings
from projections.bookmark import read_bookmark, rebuild_due


@takes_settings(shown=SETTINGS)
def serve(
    settings: Settings,
    *,
    no_projector: Annotated[
        bool, typer.Option("--no-projector", help="API only; run `watchledger project` beside.")
    ] = False,
) -> None:
    """Serve the API, and keep what it reads up to date, in one process.

    On the embedded SQLite database unless a database URL names PostgreSQL. Ends on SIGTERM or
    Ctrl-C, once what it took is finished.

    Example: watchledger serve --port 9000 --database-url postgresql://ledger@db/ledger
    """
    configure_logging(settings)
    with (
        listen(settings.host, settings.port) as listening,
        opened(settings, projects=not no_projector) as services,
    ):
        server = HttpServer(make_app(services), settings)
        leave_out_what_lasts()
        with (
            pulled_every(settings.pull_hours, services.puller),
            stopped_by_signals(server.stop),
        ):
            _announce(services, address_of(listening))
            server.run(sockets=[listening])
    answers.print("Stopped.")


def _announce(services: Services, address: str) -> None:
    token = services.admin_token
    kept = "as the settings have it" if token.path is None else f"kept in {token.path}"
    answers.print(f"Watchledger listens at [bold]{address}[/] (what it takes: {address}/docs)")
    answers.print(f"Database:    {escape(shown_url(services.settings.url))}")
    answers.print(f"Admin token: {escape(kept)}")
    answers.file.flush()


@takes_settings(shown={"data_dir", "database_url", "page_size", "poll_seconds"})
def project(settings: Settings) -> None:
    """Keep the read models up to date, without the API.

    Several may run on one database: each piece of work is one worker's at a time. Ends on SIGTERM
    or Ctrl-C, once the page at hand is written.

    Example: watchledger project --database-url postgresql://ledger@db/ledger
    """
    configure_logging(settings)
    engine = engine_of(settings, serves=True)
    try:
        prepare_schema(engine)
        projector = projector_of(settings, engine)
        answers.print(f"Projecting {escape(shown_url(settings.url))}")
        answers.file.flush()
        # In a thread of its own: what a signal stops in the main thread may hold the locks that
        # stopping takes.
        with ThreadPoolExecutor(1, "projector") as thread, stopped_by_signals(projector.stop):
            thread.submit(projector.run, settings.poll_seconds).result()
    finally:
        engine.dispose()
    answers.print("Stopped.")


@takes_settings()
def migrate_schema(settings: Settings) -> None:
    """Bring the database's schema up to date, or make it.

    Example: watchledger migrate --database-url postgresql://ledger@db/ledger
    """
    engine = engine_of(settings, makes=True)
    try:
        migrate(engine)
        errors.print(f"{escape(shown_url(settings.url))} is up to date.")
        with read_transaction(engine) as connection:
            due = rebuild_due(read_bookmark(connection))
    finally:
        engine.dispose()
    if due is not None:
        errors.print(f"[bold yellow]A rebuild is due.[/] {escape(due)}")
