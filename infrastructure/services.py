"""The service's parts, as one record: what routes, commands and metrics work with."""

from dataclasses import dataclass

from sqlalchemy import Engine

from domain.policy import Policy
from infrastructure.commands.activity import ActivityHandler
from infrastructure.commands.authentication import Authentication
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.commands.tokens import AdminToken
from infrastructure.erasing.eraser import Eraser
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.writer import Writer
from infrastructure.projecting.projector import Projector
from infrastructure.pulling.pull import Puller
from infrastructure.querying.reader import Reader
from infrastructure.settings.settings import Settings
from infrastructure.sources.deliveries import DeliveryLog
from infrastructure.sources.taking import DeliveryTaker
from infrastructure.trakt.clients import Trakt


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes and the commands work with."""

    settings: Settings
    policy: Policy
    engine: Engine
    ledger: Ledger
    writer: Writer
    authentication: Authentication
    activity: ActivityHandler
    handler: CommandHandler
    sources: SourceHandler
    deliveries: DeliveryLog
    taker: DeliveryTaker
    puller: Puller
    trakt: Trakt
    eraser: Eraser
    reader: Reader
    projector: Projector | None
    admin_token: AdminToken
