"""Every error that an operator can meet on the command line, and its exit code, in one table.

0 is done, 1 refused or differing, 2 misuse. What isn't here is a fault of ours and is shown whole.
"""

from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from domain.rejection import Refused
from infrastructure.cli.console import errors
from infrastructure.database.problems import DatabaseProblem
from infrastructure.http.server.serving import ListenProblem
from infrastructure.importing.ledger import CopyProblem
from infrastructure.importing.lines import FileProblem
from infrastructure.ledger.mapper import UnreadableEvent
from infrastructure.operations.backup import BackupProblem
from infrastructure.projecting.projector import RebuildDue
from infrastructure.projecting.rebuilding.lock import RebuildRunning
from infrastructure.settings.settings import SettingsProblem

REFUSED = 1
MISUSE = 2

EXIT_CODE_OF: dict[type[Exception], int] = {
    Refused: REFUSED,
    DatabaseProblem: REFUSED,
    UnreadableEvent: REFUSED,
    RebuildDue: REFUSED,
    RebuildRunning: REFUSED,
    CopyProblem: REFUSED,
    BackupProblem: REFUSED,
    ListenProblem: REFUSED,
    FileProblem: REFUSED,
    SettingsProblem: MISUSE,
}


class Commands(TyperGroup):
    """Commands whose errors are told in a sentence, on standard error."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except tuple(EXIT_CODE_OF) as error:
            errors.print(f"[bold red]Error:[/] {escape(str(error))}")
            raise typer.Exit(_exit_code(error)) from error


def _exit_code(error: Exception) -> int:
    return next(code for kind, code in EXIT_CODE_OF.items() if isinstance(error, kind))
