"""The one place where the service's parts are made and wired, from its settings."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

from sqlalchemy import Engine, make_url

from domain.thinning import Thinning
from infrastructure.commands.activity import ActivityHandler
from infrastructure.commands.authentication import Authentication
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.commands.tokens import admin_token, nobodys_token
from infrastructure.database.engine import sqlite_path
from infrastructure.database.migrations import check_schema, migrate
from infrastructure.erasing.eraser import Eraser
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.writer import Writer
from infrastructure.projecting.projector import Projector
from infrastructure.pulling.pull import Puller
from infrastructure.querying.reader import Reader
from infrastructure.services import Services
from infrastructure.settings.database import engine_of
from infrastructure.settings.settings import Settings, listed
from infrastructure.sources.deliveries import DeliveryLog
from infrastructure.sources.taking import DeliveryTaker
from infrastructure.trakt.clients import trakt_of


def projector_of(
    settings: Settings, engine: Engine, directories: CurrentDirectory | None = None
) -> Projector:
    return Projector(engine, settings.policy, page_size=settings.page_size, directories=directories)


def thinning_of(settings: Settings) -> Thinning | None:
    """What progress isn't recorded; None if all is (rule 32)."""
    every_seconds = settings.progress_every_seconds
    return Thinning(settings.policy, every_seconds) if every_seconds else None


def prepare_schema(engine: Engine) -> None:
    """Brings an embedded database up to date, and refuses any other that isn't.

    Raises SchemaTooOld, SchemaTooNew and other DatabaseProblems.
    """
    if sqlite_path(make_url(engine.url)) is not None:
        migrate(engine)
    check_schema(engine)


@contextmanager
def opened(settings: Settings, *, projects: bool = True, makes: bool = True) -> Iterator[Services]:
    """The service's parts, at work until the end of the block; `projects`: the projector, too.

    `makes`: data directory, admin token and embedded database needn't be there yet.
    Raises DatabaseProblem, SettingsProblem.
    """
    engine = engine_of(settings, makes=makes, serves=True)
    try:
        token = admin_token(settings) if makes else nobodys_token()
        prepare_schema(engine)
        directories = CurrentDirectory(engine)
        eraser = Eraser(engine, settings.policy, directories)
        eraser.finish()  # what was interrupted when the service ended
        projector = projector_of(settings, engine, directories) if projects else None
        with (
            _at_work(projector, settings.poll_seconds),
            _writing(Ledger(engine), projector) as (ledger, writer),
            closing(DeliveryLog(engine, directories.latest)) as deliveries,
        ):
            handler = CommandHandler(engine, writer, directories, listed(settings.link_namespaces))
            activity = ActivityHandler(
                engine,
                writer,
                directories,
                settings.policy,
                thinning_of(settings),
                handler.stand_in,
            )
            sources = SourceHandler(engine, writer, directories)
            taker = DeliveryTaker(engine, directories, activity, handler, sources, deliveries)
            authentication = Authentication(directories, token.token)
            yield Services(
                settings=settings,
                policy=settings.policy,
                engine=engine,
                ledger=ledger,
                writer=writer,
                authentication=authentication,
                activity=activity,
                handler=handler,
                sources=sources,
                deliveries=deliveries,
                taker=taker,
                puller=Puller(engine, directories, handler, activity, sources, settings.pull_file),
                trakt=trakt_of(engine, handler, authentication, directories),
                eraser=eraser,
                reader=Reader(engine, directories),
                projector=projector,
                admin_token=token,
            )
    finally:
        engine.dispose()


@contextmanager
def _writing(ledger: Ledger, projector: Projector | None) -> Iterator[tuple[Ledger, Writer]]:
    writer = Writer(ledger.append, on_append=projector.wake) if projector else Writer(ledger.append)
    try:
        yield ledger, writer
    finally:
        writer.close()


@contextmanager
def _at_work(projector: Projector | None, poll_seconds: float) -> Iterator[None]:
    """A projector that runs beside, if there is one; what stops it stands in its `problem`."""
    if projector is None:
        yield
        return
    thread = Thread(target=_run, args=[projector, poll_seconds], name="projector")
    thread.start()
    try:
        yield
    finally:
        projector.stop()
        thread.join()


def _run(projector: Projector, poll_seconds: float) -> None:
    with suppress(Exception):  # logged, and kept for whoever asks whether the service is ready
        projector.run(poll_seconds)
