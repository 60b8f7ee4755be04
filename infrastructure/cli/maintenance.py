"""The commands that keep a ledger: rebuild, verify, checkpoint, export and import as a whole."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from pydantic import BaseModel, ValidationError
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy import Engine

from infrastructure.bootstrap import prepare_schema
from infrastructure.cli.console import answers, errors, print_json
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.files import written_whole
from infrastructure.cli.options import takes_settings
from infrastructure.database.engine import read_transaction
from infrastructure.database.migrations import check_schema
from infrastructure.importing.ledger import Heading, export_ledger, import_ledger
from infrastructure.importing.lines import LINE_BYTES_MAX, FileProblem, opened_lines
from infrastructure.ledger.reader import head
from infrastructure.operations.verifying.checkpoint import Checkpoint, take_checkpoint
from infrastructure.operations.verifying.whole import all_faults
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.settings.database import engine_of
from infrastructure.settings.settings import Settings
from projections.bookmark import BookmarkWrong, read_bookmark

_SHOWN_MAX = 100
_CHECKPOINT_SIZE_MAX_BYTES = 10_000

JobsOption = Annotated[
    int, typer.Option("--jobs", min=1, max=64, help="Processes, each with a share of the users.")
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Also hold the ledger against a checkpoint that was taken earlier.",
        show_default=False,
    ),
]
OutOption = Annotated[
    str, typer.Option("--out", metavar="FILE", help="Where to write it; - for standard output.")
]


@takes_settings(
    shown={
        "data_dir",
        "database_url",
        "progress_low",
        "progress_high",
        "progress_head_seconds",
        "progress_rest_seconds",
    }
)
def rebuild_projections(
    settings: Settings,
    projections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROJECTION]…", help="Which; all of them if none is named."),
    ] = None,
    *,
    jobs: JobsOption = 1,
) -> None:
    """Replay the ledger into new tables beside those in use, then swap them in.

    The service may go on meanwhile. Interrupted at any moment, nothing in use has changed; the next
    rebuild clears away what is left. Needed after a change of the progress thresholds, and after an
    upgrade that answers by other rules.

    Example: watchledger rebuild --jobs 2
    """
    try:
        names = projection_names(projections or [])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    plan = Plan(names, settings.policy, jobs, settings.sqlite_synchronous)
    with _engine(settings) as engine, _progress("Rebuilding") as (set_total, advance):
        position = rebuild(engine, plan, set_total, advance)
    errors.print(f"Rebuilt {', '.join(sorted(names))} as of position {position:,}.")


@takes_settings()
def verify(settings: Settings, *, checkpoint: CheckpointOption = None) -> None:
    """Check that the ledger is whole, and that the read models are what a replay of it gives.

    Looks into the database's files, tables and indexes as well. Prints a sentence for each
    difference, and ends with exit code 1 if there is any.

    Example: watchledger verify --checkpoint checkpoint.json
    """
    kept = None if checkpoint is None else _read_checkpoint(checkpoint)
    with _engine(settings) as engine:
        faults = sum(_told(_faults(engine, kept)))
    if faults:
        errors.print(f"[bold red]{faults:,} differences.[/]")
        raise typer.Exit(REFUSED)
    answers.print("The ledger is whole, and the read models are what it says.")


def _told(faults: Iterable[str]) -> Iterator[int]:
    for number, fault in enumerate(faults, 1):
        if number <= _SHOWN_MAX:
            answers.print(escape(fault))
        elif number == _SHOWN_MAX + 1:
            answers.print("… and more.")
        yield 1


def _faults(engine: Engine, kept: Checkpoint | None) -> Iterator[str]:
    with read_transaction(engine) as connection, _progress("Verifying") as (set_total, advance):
        with suppress(BookmarkWrong):  # which is told with the rest
            read_bookmark(connection)  # first of all: no rebuild swaps tables from then on
        yield from all_faults(connection, kept, set_total, advance)


@takes_settings()
def checkpoint(settings: Settings, *, out: OutOption = "-") -> None:
    """Write one digest over all of the ledger, to be kept where its keeper can't reach.

    `watchledger verify --checkpoint FILE` finds any change to the events before it.

    Example: watchledger checkpoint --out checkpoint-2026-11.json
    """
    with _engine(settings) as engine, read_transaction(engine) as connection:
        taken = take_checkpoint(connection)
    if out == "-":
        print_json(taken)
        return
    with written_whole(Path(out), _is_checkpoint) as file:
        file.write(taken.model_dump_json(indent=2).encode() + b"\n")


def _is_checkpoint(file: BinaryIO) -> bool:
    return _is_valid(Checkpoint, file.read(_CHECKPOINT_SIZE_MAX_BYTES))


def _is_valid(model: type[BaseModel], text: bytes) -> bool:
    try:
        model.model_validate_json(text)
    except ValidationError:
        return False
    return True


def _read_checkpoint(path: Path) -> Checkpoint:
    try:
        return Checkpoint.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FileProblem(f"{path} can't be read: {error.strerror}.") from error
    except ValidationError:
        raise FileProblem(
            f"{path} is no checkpoint. `watchledger checkpoint --out FILE` writes one."
        ) from None


@takes_settings()
def export(settings: Settings, *, out: OutOption = "-") -> None:
    """Write the whole ledger, an event a line (NDJSON); `import ledger` takes it in elsewhere.

    A file is for its owner only, is there once it is whole, and may take the place of an earlier
    export, and of nothing else.

    Example: watchledger export | gzip > ledger.ndjson.gz
    """
    with (
        _engine(settings) as engine,
        _exported(out) as file,
        _progress("Exporting") as (set_total, advance),
    ):
        with read_transaction(engine) as connection:
            set_total(head(connection).position)
        for line in export_ledger(engine, advance):
            file.write(line)


def _exported(out: str) -> AbstractContextManager[BinaryIO]:
    if out == "-":
        return nullcontext(sys.stdout.buffer)
    return written_whole(Path(out), lambda file: _is_valid(Heading, file.readline(LINE_BYTES_MAX)))


@takes_settings()
def import_whole_ledger(
    settings: Settings,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="What export wrote, plain or gzip; - for stdin."),
    ],
) -> None:
    """Take in a whole ledger that `watchledger export` wrote, into an empty database.

    Every event is checked as `verify` does. An import that was interrupted goes on where it was.

    Example: watchledger import ledger ledger.ndjson.gz --database-url postgresql://db/ledger
    """
    counts = {True: 0, False: 0}

    with (
        opened_lines(file) as lines,
        _engine(settings, makes=True) as engine,
        _progress("Importing") as (_, advance),
    ):

        def count(events: int, is_new: bool) -> None:
            counts[is_new] += events
            advance(events)

        position = import_ledger(engine, lines, count)
    errors.print(f"{position:,} events: {counts[True]:,} recorded, {counts[False]:,} there before.")


@contextmanager
def _engine(settings: Settings, *, makes: bool = False) -> Iterator[Engine]:
    engine = engine_of(settings, makes=makes)
    try:
        prepare_schema(engine) if makes else check_schema(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _progress(title: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """A bar of events with rate and time left; gives what sets its total and what advances it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield (
            lambda total: bar.update(task, total=total),
            lambda events: bar.advance(task, events),
        )
