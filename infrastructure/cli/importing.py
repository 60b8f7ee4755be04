"""The commands that import files, with how far they are and what became of the lines."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import Annotated, BinaryIO, TextIO

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from infrastructure.bootstrap import opened
from infrastructure.cli.console import errors
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.files import written
from infrastructure.cli.maintenance import import_whole_ledger
from infrastructure.cli.options import takes_settings
from infrastructure.cli.tracker_files import add_commands
from infrastructure.importing.catalog import CatalogImport
from infrastructure.importing.events import Imported, import_events
from infrastructure.importing.lines import LINE_BYTES_MAX, Line, LineFile, opened_lines
from infrastructure.services import Services
from infrastructure.settings.settings import Settings

_SHOWN_MAX = 20
_UPDATE_EVERY_LINES = 500

app = typer.Typer(
    no_args_is_help=True, help="Import files of the catalog or of events; again does no harm."
)

FileArgument = Annotated[
    str,
    typer.Argument(metavar="FILE", help="NDJSON, plain or gzip; - for standard input."),
]
RejectedOption = Annotated[
    Path | None,
    typer.Option(
        "--rejected",
        metavar="FILE",
        help="Write all rejected lines' numbers and reasons there, as NDJSON.",
        show_default=False,
    ),
]
Importing = Callable[[Services, Iterable[Line]], Iterator[Imported]]


@app.command("events")
@takes_settings()
def events(settings: Settings, file: FileArgument, *, rejected: RejectedOption = None) -> None:
    """Import events, a JSON object a line as in POST /v1/events, each with its cduid.

    What is there already is a duplicate, so a file can be imported again. Exit code 1 if any line
    was rejected.

    Example: watchledger import events plays.ndjson.gz --rejected rejected.ndjson
    """
    statuses = ("recorded", "duplicate")
    _import(settings, file, rejected, _events, statuses)


@app.command("catalog")
@takes_settings()
def catalog(settings: Settings, file: FileArgument, *, rejected: RejectedOption = None) -> None:
    """Import the catalog, an item a line as in POST /v1/catalog/items, in any order.

    A field left out keeps its value, null unsets it; items that aren't in the file stay as they
    are. Exit code 1 if any line was rejected.

    Example: zcat library.ndjson.gz | watchledger import catalog -
    """
    statuses = ("placed", "moved", "changed", "restored", "unchanged")
    _import(
        settings,
        file,
        rejected,
        _catalog,
        statuses,
    )


def _events(services: Services, lines: Iterable[Line]) -> Iterator[Imported]:
    return import_events(services.activity, lines)


def _catalog(services: Services, lines: Iterable[Line]) -> Iterator[Imported]:
    return CatalogImport(services.handler).run(lines)


app.command("ledger")(import_whole_ledger)
add_commands(app)


def _import(
    settings: Settings,
    file: str,
    rejected: Path | None,
    importing: Importing,
    statuses: tuple[str, ...],
) -> None:
    with (
        opened_lines(file) as lines,
        _written(rejected) as rejections,
        opened(settings, projects=False) as services,
        _interrupted_only_before_a_line(lines) as taken,
    ):
        summary = _Summary(lines.name, statuses, rejections)
        try:
            with _progress(lines) as update:
                for imported in importing(services, taken):
                    summary.take(imported)
                    if summary.lines % _UPDATE_EVERY_LINES == 0:
                        update(summary.lines)
        finally:
            summary.print()
    if summary.counts["rejected"]:
        raise typer.Exit(REFUSED)


@contextmanager
def _interrupted_only_before_a_line(lines: Iterable[Line]) -> Iterator[Iterable[Line]]:
    """The lines; Ctrl-C ends them where one is read, not while those before it are recorded.

    So what the import says in the end is what it has done. A second Ctrl-C ends it at once.
    """
    is_reading = is_interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal is_interrupted
        if is_reading or is_interrupted:
            raise KeyboardInterrupt
        is_interrupted = True

    def taken() -> Iterator[Line]:
        nonlocal is_reading
        remaining = iter(lines)
        while True:
            is_reading = True
            if is_interrupted:
                raise KeyboardInterrupt
            line = next(remaining, None)
            is_reading = False
            if line is None:
                return
            yield line

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield taken()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _written(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    with written(path, _is_rejections) as file, TextIOWrapper(file, encoding="utf-8") as text:
        yield text


def _is_rejections(file: BinaryIO) -> bool:
    """Whether it is what an import writes; there may have been nothing to reject."""
    line = file.readline(LINE_BYTES_MAX)
    try:
        return not line or {"line", "name", "code", "detail"} == json.loads(line).keys()
    except (ValueError, AttributeError):
        return False


@contextmanager
def _progress(lines: LineFile) -> Iterator[Callable[[int], None]]:
    """A bar by how much of the file was read, in a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[done]:,} lines, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    started_at = monotonic()
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(escape(lines.name), total=lines.size_bytes, done=0, rate=0.0)

        def update(done: int) -> None:
            rate = done / max(monotonic() - started_at, 1e-3)
            bar.update(task, completed=lines.read_bytes, done=done, rate=rate)

        yield update


class _Summary:
    """Counts lines by what became of them, and tells of the rejected ones."""

    def __init__(self, name: str, statuses: tuple[str, ...], rejections: TextIO | None) -> None:
        self._name = name
        self._statuses = statuses
        self._rejections = rejections
        self._started_at = monotonic()
        self._unseen = 0
        self.lines = 0
        self.counts: Counter[str] = Counter()

    def take(self, imported: Imported) -> None:
        self.lines += 1
        self.counts[imported.status] += 1
        self._unseen += imported.is_unseen
        if imported.rejection is not None:
            self._tell(imported)

    def _tell(self, imported: Imported) -> None:
        line, _, name, rejection, _ = imported
        assert rejection is not None  # noqa: S101  # for the type checker: the caller asked
        if self._rejections is not None:
            told = {"line": line, "name": name, **rejection._asdict()}
            self._rejections.write(f"{json.dumps(told, ensure_ascii=False)}\n")
        if self.counts["rejected"] <= _SHOWN_MAX:
            named = "" if name is None else f" ({name})"
            errors.print(f"[red]Line {line}[/]{escape(named)}: {escape(rejection.detail)}")

    def print(self) -> None:
        more = self.counts["rejected"] - _SHOWN_MAX
        if more > 0:
            hint = "" if self._rejections is not None else "; --rejected FILE writes them all"
            errors.print(f"… and {more:,} more{hint}.")
        seconds = monotonic() - self._started_at
        counted = ", ".join(f"{self.counts[each]:,} {each}" for each in self._told_statuses())
        errors.print(
            f"{escape(self._name)}: {self.lines:,} lines in {seconds:.1f} s "
            f"({self.lines / max(seconds, 1e-3):,.0f}/s): {counted}."
        )
        if self._unseen:
            errors.print(
                f"{self._unseen:,} are about items that the catalog doesn't have, or that their "
                "user doesn't see; they count once it has them."
            )

    def _told_statuses(self) -> tuple[str, ...]:
        return (*self._statuses, "rejected")
