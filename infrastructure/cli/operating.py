"""The commands for whoever runs a service: a look over it, its settings, a backup."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from infrastructure.cli.arguments import AsJson
from infrastructure.cli.console import answers, errors, for_programs, print_json, print_table
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.options import SETTINGS, takes_settings
from infrastructure.database.migrations import check_schema
from infrastructure.ledger.recorder import now_us
from infrastructure.operations.backup import back_up
from infrastructure.operations.check import Check
from infrastructure.operations.doctor import examine
from infrastructure.settings.database import engine_of
from infrastructure.settings.guide import as_environment_file, as_markdown, explained
from infrastructure.settings.settings import Settings

_SIGNS = {
    "ok": "[green]  ok   [/]",
    "warning": "[yellow]warning[/]",
    "problem": "[bold red]problem[/]",
}


@takes_settings(shown=SETTINGS)
def doctor(settings: Settings, *, as_json: AsJson = False) -> None:
    """Look the deployment over: settings, database, schema, lag, disk, clocks, who reads what.

    Run it with the settings that the service has. Exit code 1 if anything is a problem; a warning
    isn't.

    Example: watchledger doctor
    """
    checks: list[Check] = []
    for check in examine(settings, now_us):
        checks.append(check)
        if not as_json:
            answers.print(f"{_SIGNS[check.state]} {check.name}: {escape(check.detail)}")
    if as_json:
        print_json({"checks": [check._asdict() for check in checks]})
    if any(check.state == "problem" for check in checks):
        raise typer.Exit(REFUSED)


class Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    ENV = "env"


def settings_list(
    *,
    format_: Annotated[
        Format, typer.Option("--format", help="For a terminal, a page, or as a file of variables.")
    ] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """List every setting: its name, what it is unless set, and what it is for.

    Example: watchledger settings --format env > watchledger.env
    """
    found = explained()
    if as_json:
        print_json({"settings": [each._asdict() for each in found]})
    elif format_ is Format.MARKDOWN:
        for_programs().write(as_markdown(found))
    elif format_ is Format.ENV:
        for_programs().write(as_environment_file(found))
    else:
        rows: list[tuple[Any, ...]] = [each.shown for each in found]
        print_table(("variable", "unless set", "what it is for"), rows, none="There is none.")


@takes_settings()
def backup(
    settings: Settings,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that isn't there yet.")],
) -> None:
    """Copy the embedded database into a new file, while the service goes on.

    To restore it, stop the service, put the copy in the database's place (and remove its -wal and
    -shm files), and run `watchledger verify`. The admin token isn't in it.

    Example: watchledger backup /backups/watchledger-2026-11-22.db
    """
    engine = engine_of(settings)
    try:
        check_schema(engine)
        size_bytes = back_up(engine, file)
    finally:
        engine.dispose()
    errors.print(f"{escape(str(file))}: {size_bytes / 1e6:,.1f} MB, checked.")
