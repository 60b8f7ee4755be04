"""Sourcing: what commands on sources come to, and what is heard of an account for the first time.

Whose an account is stands in that user's stream, so that erasing the user takes it along; so one
decision may speak in several streams.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.commands import PutSource
from domain.directory import DeviceUser, Directory
from domain.events import (
    AccountMapped,
    AccountUnmapped,
    DeviceUserReassigned,
    DeviceUserRegistered,
    Event,
    IsolationModeChanged,
    SourceConfigured,
    SourceRemoved,
    SourceSecretIssued,
    UnknownAccounts,
    device_user_stream,
    source_stream,
    user_stream,
)
from domain.rejection import Rejection
from domain.source import MappedAccount, Source, cduid_of, device_of

_SETTINGS = ("unknown_accounts", "shelves", "places", "isolation_mode")
_not_in_ids = re.compile(r"[^A-Za-z0-9._~-]+")
_USER_LENGTH_MAX = 128

RESERVED = frozenset({"import", "trakt"})
"""What begins the cduids of those that are no source's: imported histories, and Trakt's clients."""


class Told(NamedTuple):
    """An event that was decided on, the stream that it goes to, and whose it is."""

    stream: str
    event: Event
    user: str | None = None


class Speaker(NamedTuple):
    """Who is heard, as the server knows and calls them, and the player, if it is told."""

    account: str
    account_name: str | None = None
    player: str | None = None
    player_name: str | None = None
    player_kind: str | None = None


def put_source(
    name: str, command: PutSource, directory: Directory, secret_sha256: str
) -> list[Told] | Rejection:
    """Sets a source up with its first secret, or changes what can be changed of it."""
    known = directory.sources.get(name)
    if name in RESERVED:
        return Rejection(
            "source_reserved",
            f"{name} is what the ledger itself calls device users by; take another name.",
        )
    if known is not None and known.kind is not command.kind:
        return Rejection(
            "source_differs",
            f"{name} is {known.kind} and stays so; remove it first, or take another name.",
        )
    source, stream = known or Source(name), source_stream(name)
    before = {each: getattr(source, each) for each in _SETTINGS}
    after = {**before, **command.given(*_SETTINGS)}
    told: list[Told] = []
    if known is None or after != before:
        told.append(Told(stream, SourceConfigured(kind=command.kind, **after)))
    if known is None:
        told.append(Told(stream, SourceSecretIssued(secret_sha256=secret_sha256)))
    for text, user in command.accounts.items():
        for account in source.accounts_meant(text):
            told += _given(source, account, user, directory)
    if command.given("isolation_mode"):
        told += _modes(source, command, directory)
    return told


def _given(source: Source, account: str, user: str | None, directory: Directory) -> Iterator[Told]:
    """An account becomes a user's, with all that it ever said; or nobody's (None)."""
    known = source.accounts.get(account)
    if known is not None and known.user != user:
        unmapped = AccountUnmapped(source=source.name, account=account)
        yield Told(user_stream(known.user), unmapped, known.user)
    if user is None or (known is not None and known.user == user):
        return
    name = known.name if known else None
    yield _mapped(source, account, MappedAccount(user, name))
    yield from _reassigned(source, account, user, directory)


def _mapped(source: Source, account: str, mapped: MappedAccount) -> Told:
    user, name = mapped
    event = AccountMapped(source=source.name, account=account, name=name)
    return Told(user_stream(user), event, user)


def _reassigned(source: Source, account: str, user: str, directory: Directory) -> Iterator[Told]:
    for cduid, known in _device_users(cduid_of(source.name, account, None), directory):
        if known.user != user:
            yield Told(device_user_stream(cduid), DeviceUserReassigned(user=user), user)


def _modes(source: Source, command: PutSource, directory: Directory) -> Iterator[Told]:
    """The source's device users have its mode, but those that were given one of their own."""
    mode = command.isolation_mode
    for cduid, known in _device_users(source.name, directory):
        if known.isolation_mode is source.isolation_mode is not mode:
            event = IsolationModeChanged(isolation_mode=mode)
            yield Told(device_user_stream(cduid), event, known.user)


def _device_users(beginning: str, directory: Directory) -> Iterator[tuple[str, DeviceUser]]:
    """The device users whose cduid is this one, or goes on behind it with another part."""
    for cduid, known in directory.device_users.items():
        if cduid == beginning or cduid.startswith(f"{beginning}."):
            yield cduid, known


def issue_secret(name: str, secret_sha256: str, directory: Directory) -> list[Told] | Rejection:
    """A new secret takes the place of the old one."""
    if name not in directory.sources:
        return unknown_source(name)
    return [Told(source_stream(name), SourceSecretIssued(secret_sha256=secret_sha256))]


def remove_source(name: str, directory: Directory) -> list[Told] | Rejection:
    """Its address is void and its accounts are nobody's; what it told stays."""
    source = directory.sources.get(name)
    if source is None:
        return unknown_source(name)
    unmapped = (
        told for account in source.accounts for told in _given(source, account, None, directory)
    )
    return [*unmapped, Told(source_stream(name), SourceRemoved())]


def unknown_source(name: str) -> Rejection:
    """The rejection of whatever is asked of a source that isn't there."""
    return Rejection("unknown_source", f"There is no source {name}.")


def admit(name: str, speaker: Speaker, directory: Directory) -> list[Told] | Rejection:
    """Whoever speaks has a cduid that is registered; nothing if it is there already.

    An account that was mapped by its name is known by its key from now on. Of one that is nobody's:
    `account_unknown`, or `account_ambiguous` where a user of its name is there already.
    """
    source = directory.sources.get(name)
    if source is None:
        return unknown_source(name)
    account = speaker.account
    mapped_by = source.account_of(account, speaker.account_name)
    told: list[Told] = []
    if mapped_by is not None:
        user = source.accounts[mapped_by].user
        told += _known_by_key(source, mapped_by, speaker, user)
    elif source.unknown_accounts is UnknownAccounts.HOLD:
        return _nobodys(source, speaker)
    else:
        user = _user_like(name, speaker)
        if (there := directory.user_like(user)) is not None:
            return _there_already(there)
        told.append(_mapped(source, account, MappedAccount(user, speaker.account_name)))
    if mapped_by != account:
        told += _reassigned(source, account, user, directory)
    cduid = cduid_of(name, account, speaker.player)
    if cduid not in directory.device_users:
        told.append(Told(device_user_stream(cduid), _registered(source, speaker, user), user))
    return told


def _known_by_key(source: Source, mapped_by: str, speaker: Speaker, user: str) -> Iterator[Told]:
    account, name = speaker.account, speaker.account_name
    known = source.accounts[mapped_by]
    if mapped_by != account:
        unmapped = AccountUnmapped(source=source.name, account=mapped_by)
        yield Told(user_stream(user), unmapped, user)
    if mapped_by != account or (known.name is None and name is not None):
        yield _mapped(source, account, MappedAccount(user, name))


def _registered(source: Source, speaker: Speaker, user: str) -> DeviceUserRegistered:
    return DeviceUserRegistered(
        user=user,
        device=device_of(source.name, speaker.player),
        reported_name=source.name if speaker.player is None else speaker.player_name,
        kind=source.kind if speaker.player is None else speaker.player_kind,
        isolation_mode=source.isolation_mode,
    )


def _user_like(source: str, speaker: Speaker) -> str:
    """The id of a user who is called as the account is."""
    for text in (speaker.account_name, speaker.account):
        user = _not_in_ids.sub("-", text or "").lstrip("._~-")[:_USER_LENGTH_MAX]
        if user:
            return user
    return cduid_of(source, speaker.account, None)


def _nobodys(source: Source, speaker: Speaker) -> Rejection:
    called = f" ({speaker.account_name})" if speaker.account_name else ""
    return Rejection(
        "account_unknown",
        f"The account {speaker.account}{called} is nobody's yet; map it to a user of "
        f"{source.name}, and this is tried again.",
    )


def _there_already(user: str) -> Rejection:
    return Rejection(
        "account_ambiguous",
        f"A user {user} is there already; map the account if it is the same person.",
    )
