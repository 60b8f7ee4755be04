"""The command line: a command parses, calls one function, prints."""

import sys
from io import TextIOWrapper


def main() -> None:
    """The command `watchledger`.

    Processes that it starts import this module too, but none of the commands.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title may hold what a terminal can't show

    from infrastructure.cli.main import app  # noqa: PLC0415

    app(prog_name="watchledger")
