"""The one place where the service's parts are made and wired, from its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, make_url

from infrastructure.database import make_engine, sqlite_path
from infrastructure.door import Door
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.writer import Writer
from infrastructure.migrations import check_schema, migrate
from infrastructure.settings import Settings, SettingsProblem
from infrastructure.tokens import AdminToken, admin_token, make_data_dir


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes and the commands work with."""

    settings: Settings
    engine: Engine
    ledger: Ledger
    writer: Writer
    door: Door
    admin_token: AdminToken


def engine_of(settings: Settings) -> Engine:
    """An engine on the settings' database. Raises DatabaseProblem, SettingsProblem."""
    if not settings.database_url:
        try:
            make_data_dir(settings)
        except OSError as error:
            raise SettingsProblem(
                f"The data directory {settings.data_dir} can't be made: {error.strerror}. "
                "Name another with WATCHLEDGER_DATA_DIR."
            ) from error
    return make_engine(settings.url, synchronous=settings.sqlite_synchronous)


def prepare_schema(engine: Engine) -> None:
    """Brings an embedded database up to date, and refuses any other that isn't.

    Raises SchemaTooOld, SchemaTooNew and other DatabaseProblems.
    """
    if sqlite_path(make_url(engine.url)) is not None:
        migrate(engine)
    check_schema(engine)


@contextmanager
def opened(settings: Settings) -> Iterator[Services]:
    """The service's parts, at work until the end of the block.

    Raises DatabaseProblem, SettingsProblem.
    """
    token = admin_token(settings)
    engine = engine_of(settings)
    try:
        prepare_schema(engine)
        ledger = Ledger(engine)
        writer = Writer(ledger.append)
        try:
            yield Services(
                settings, engine, ledger, writer, Door(ledger, writer, token.token), token
            )
        finally:
            writer.close()
    finally:
        engine.dispose()
