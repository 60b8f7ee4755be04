"""What stands behind Trakt's routes, as one record."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Engine

from infrastructure.commands.authentication import Authentication
from infrastructure.commands.handler import CommandHandler
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.recorder import now_us
from infrastructure.trakt.codes import Codes
from infrastructure.trakt.finding import Finder
from infrastructure.trakt.tokens import Tokens


class Trakt(NamedTuple):
    """Codes and tokens of clients, and what finds the items that they name."""

    codes: Codes
    tokens: Tokens
    finder: Finder


def trakt_of(
    engine: Engine,
    handler: CommandHandler,
    authentication: Authentication,
    directories: CurrentDirectory,
    clock_us: Callable[[], int] = now_us,
) -> Trakt:
    return Trakt(
        Codes(engine, clock_us),
        Tokens(engine, handler, authentication, directories, clock_us),
        Finder(handler, directories),
    )
