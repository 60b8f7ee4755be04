"""Every error that an operator can meet on the command line, and its exit code, in one table.

What isn't here is a fault of ours and is shown whole.
"""

from rich.markup import escape

from domain.rejection import Refused
from infrastructure.cli.console import errors
from infrastructure.cli.exit_codes import MISUSE, REFUSED
from infrastructure.database.problems import DatabaseProblem
from infrastructure.following.spool import SpoolProblem
from infrastructure.http.server.serving import ListenProblem
from infrastructure.importing.ledger import CopyProblem
from infrastructure.importing.lines import FileProblem
from infrastructure.ledger.mapper import UnreadableEvent
from infrastructure.operations.backup import BackupProblem
from infrastructure.projecting.rebuilding.lock import RebuildRunning
from infrastructure.pulling.problems import PullProblem
from infrastructure.settings.settings import SettingsProblem
from projections.bookmark import RebuildDue

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
    SpoolProblem: REFUSED,
    PullProblem: REFUSED,
    SettingsProblem: MISUSE,
}


def told(error: Exception) -> int:
    """Says what is wrong and gives the exit code. Raises the error itself if it isn't known."""
    code = next((code for kind, code in EXIT_CODE_OF.items() if isinstance(error, kind)), None)
    if code is None:
        raise error
    errors.print(f"[bold red]Error:[/] {escape(str(error))}")
    return code
