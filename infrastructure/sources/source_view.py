"""A source as operators see it: how it is set, and what came of it last. Its secret isn't shown."""

from collections.abc import Mapping

from pydantic import BaseModel

from domain.events import IsolationMode, SourceKind, UnknownAccounts
from domain.source import Source
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.sources.deliveries import DeliveryLog, DeliveryShown, Status


class SourceShown(BaseModel):
    """`accounts` says of each account, by its key or name, whose it is; `account_names` what the
    server calls those that were heard. `held` and `failed` wait to be tried again; `last` is what
    came last and how it went.
    """

    source: str
    kind: SourceKind
    accounts: Mapping[str, str]
    account_names: Mapping[str, str]
    unknown_accounts: UnknownAccounts
    shelves: Mapping[str, str]
    places: bool
    isolation_mode: IsolationMode
    held: int
    failed: int
    last: DeliveryShown | None


def sources_shown(sources: SourceHandler, deliveries: DeliveryLog) -> list[SourceShown]:
    """All sources, by name."""
    counts = deliveries.counts()
    found = sorted(sources.all().values(), key=lambda each: each.name)
    return [_shown(each, deliveries, counts) for each in found]


def source_shown(sources: SourceHandler, deliveries: DeliveryLog, name: str) -> SourceShown:
    """Raises Refused for an unknown source."""
    return _shown(sources.named(name), deliveries, deliveries.counts())


def _shown(
    source: Source, deliveries: DeliveryLog, counts: Mapping[tuple[str, Status], int]
) -> SourceShown:
    known = source.accounts.items()
    return SourceShown(
        source=source.name,
        kind=source.kind,
        accounts={account: each.user for account, each in known},
        account_names={account: each.name for account, each in known if each.name is not None},
        unknown_accounts=source.unknown_accounts,
        shelves=source.shelves,
        places=source.places,
        isolation_mode=source.isolation_mode,
        held=counts.get((source.name, "held"), 0),
        failed=counts.get((source.name, "failed"), 0),
        last=deliveries.newest(source.name),
    )
