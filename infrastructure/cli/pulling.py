"""The command that pulls from a media server, with how far it is and what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.items import SourceName
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import AsJson, parsed_argument
from infrastructure.cli.console import answers, errors, print_json
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.options import takes_settings
from infrastructure.pulling.report import LINES_MAX, Report
from infrastructure.settings.settings import Settings


@takes_settings(shown={"data_dir", "database_url", "pull_file"})
def pull(
    settings: Settings,
    source: Annotated[str, parsed_argument(SourceName, "SOURCE", "A source, such as plex.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Hide what is gone also where a library is empty or has lost more than half.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take in a media server's library, and what was watched there before.

    Places what it lists, hides what it doesn't any more, and says what its accounts watched. Done
    again, only what is new is recorded, so it can be broken off at any time. Exit code 1 if
    something was left out.

    Example: watchledger pull plex --dry-run
    """
    started_at = monotonic()
    with opened(settings, projects=False, makes=False) as services, _progress(source) as update:
        report = services.puller.pull(source, is_dry=dry_run, hides_all=yes, update=update)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report, monotonic() - started_at)
    if not report.is_whole:
        raise typer.Exit(REFUSED)


@contextmanager
def _progress(source: str) -> Iterator[Callable[[str, int], None]]:
    """What is being read and how much was, in a terminal; how much there is nobody knows before."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f} taken"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(escape(source), total=None)

        def update(what: str, count: int) -> None:
            bar.update(task, description=f"{escape(source)}: {escape(what)}", advance=count)

        yield update


def _print(report: Report, seconds: float) -> None:
    for line in report.lines:
        answers.print(escape(line))
    if len(report.lines) == LINES_MAX:
        answers.print("…")
    for shelf, count in report.withheld.items():
        errors.print(
            f"[yellow]{count:,} of {escape(shelf)} are gone from the server, more than is likely "
            "to have been removed, and stay.[/] See that its disks are there. If they are to be "
            "hidden, pull again with --yes."
        )
    for name, why in report.nobodys.items():
        errors.print(f"What {escape(name)} watched is left out: {escape(why)}")
    if report.nobodys:
        errors.print(
            "Say who they are and pull again: watchledger source add "
            f"{escape(report.source)} --kind … --account NAME=USER"
        )
    would = " would be" if report.is_dry else ""
    placed = ", ".join(f"{count:,} {status}" for status, count in sorted(report.placed.items()))
    said = ", ".join(f"{count:,} {status}" for status, count in sorted(report.said.items()))
    errors.print(
        f"{escape(report.source)}, in {seconds:.1f} s: items{would}: {placed or 'none'}; "
        f"{report.hidden:,} hidden. Said{would}: {said or 'nothing'}."
    )
