"""The commands that import what other trackers export, with what became of the plays."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import id_option
from infrastructure.cli.console import errors
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.files import written_whole
from infrastructure.cli.options import takes_settings
from infrastructure.importing.files.archive import opened_archive
from infrastructure.importing.files.formats import FORMATS, plays_of
from infrastructure.importing.files.mending import Unresolved, is_unresolved
from infrastructure.importing.files.taking import Became, take, try_out
from infrastructure.settings.settings import Settings

_SHOWN_MAX = 20
_UPDATE_EVERY_PLAYS = 500
_STATUSES = ("recorded", "duplicate", "ambiguous", "unresolved", "unreadable")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="What was exported, as it is.")]
UserOption = Annotated[str, id_option("--user", "Whose plays they are.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be recorded, and record nothing.")
]
PlaceOption = Annotated[
    bool,
    typer.Option(
        "--place/--no-place", help="Place what the catalog doesn't have on shelves of its own."
    ),
]
UnresolvedOption = Annotated[
    Path | None,
    typer.Option(
        "--unresolved",
        metavar="FILE.csv",
        help="Write what couldn't be taken there, to mend and import again.",
        show_default=False,
    ),
]


def add_commands(app: typer.Typer) -> None:
    """A command for each format."""
    for name in FORMATS:
        app.command(name, help=_help(name))(_command(name))


def _help(name: str) -> str:
    wanted = FORMATS[name]
    return (
        f"Import {wanted.title}: {wanted.wanted}.\n\n"
        "Again does no harm: what is there already is a duplicate. Exit code 1 if anything "
        "couldn't be taken; mend it in the file that --unresolved writes, and import that.\n\n"
        f"Example: watchledger import {name} FILE --user ada --place --unresolved mend.csv"
    )


def _command(name: str) -> Callable[..., None]:
    @takes_settings()
    def command(
        settings: Settings,
        file: FileArgument,
        *,
        user: UserOption,
        dry_run: DryRunOption = False,
        place: PlaceOption = False,
        unresolved: UnresolvedOption = None,
    ) -> None:
        _import(settings, name, file, user, unresolved, is_dry=dry_run, places=place)

    return command


def _import(
    settings: Settings,
    name: str,
    path: Path,
    user: str,
    unresolved: Path | None,
    *,
    is_dry: bool,
    places: bool,
) -> None:
    with (
        opened_archive(path) as archive,
        opened(settings, projects=False, makes=not is_dry) as services,
        _written(unresolved) as rows,
    ):
        summary = _Summary(str(path), rows, is_dry=is_dry)
        plays = plays_of(archive, name)
        became = (try_out if is_dry else take)(services, plays, name, user, places=places)
        try:
            with _progress(str(path)) as update:
                for each in became:
                    summary.take(each)
                    if summary.plays % _UPDATE_EVERY_PLAYS == 0:
                        update(summary.plays)
        finally:
            if summary.plays:
                summary.print()
    if summary.lacking:
        raise typer.Exit(REFUSED)


@contextmanager
def _written(path: Path | None) -> Iterator[Unresolved | None]:
    """Takes its place in the end, so that a file which was mended can be read from and replaced."""
    if path is None:
        yield None
        return
    with (
        written_whole(path, is_unresolved) as file,
        TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        yield Unresolved(text)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int], None]]:
    """How many plays were taken, in a terminal; how many there are nobody knows before."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f} plays"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(escape(name), total=None)
        yield lambda plays: bar.update(task, completed=plays)


class _Summary:
    """Counts plays by what became of them, and tells of those that couldn't be taken."""

    def __init__(self, name: str, rows: Unresolved | None, *, is_dry: bool) -> None:
        self._name = name
        self._rows = rows
        self._is_dry = is_dry
        self._counts: Counter[str] = Counter()
        self._placed: set[str] = set()
        self._started_at = monotonic()

    @property
    def plays(self) -> int:
        return self._counts.total()

    @property
    def lacking(self) -> int:
        """How many couldn't be taken."""
        return self.plays - self._counts["recorded"] - self._counts["duplicate"]

    def take(self, became: Became) -> None:
        self._counts[became.status] += 1
        if became.placed is not None:
            self._placed.add(became.placed)
        if not became.reason:
            return
        if self._rows is not None:
            self._rows.add(became)
        if self.lacking <= _SHOWN_MAX:
            errors.print(f"[red]{escape(became.where)}:[/] {escape(became.reason)}")

    def print(self) -> None:
        if self.lacking > _SHOWN_MAX:
            errors.print(f"… and {self.lacking - _SHOWN_MAX:,} more.")
        seconds = monotonic() - self._started_at
        counted = ", ".join(f"{self._counts[each]:,} {each}" for each in _STATUSES)
        would = "would be " if self._is_dry else ""
        errors.print(
            f"{escape(self._name)}: {self.plays:,} plays in {seconds:.1f} s, {would}{counted}; "
            f"{len(self._placed):,} items {would}placed."
        )
        if self.lacking and self._rows is None:
            errors.print(
                "--unresolved FILE.csv writes what wasn't taken, to mend and import again."
            )
