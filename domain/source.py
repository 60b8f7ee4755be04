"""Sources: media servers that tell by themselves, whose their accounts are, and their cduids."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import NamedTuple

from domain.events import (
    AccountEvent,
    AccountMapped,
    IsolationMode,
    SourceConfigured,
    SourceKind,
    SourceSecretIssued,
    UnknownAccounts,
)
from domain.items import Kind

_ACCOUNT_LENGTH_MAX, _PLAYER_LENGTH_MAX = 40, 54
"""With a source's 32 characters and two dots between, that is what an id may have: 128."""
_HASH_LENGTH = 16
_unsafe = re.compile(rb"[^A-Za-z0-9_-]")


class MappedAccount(NamedTuple):
    """Whose an account is, and what the server called it when it was heard, if it was."""

    user: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is set now, with its accounts by the keys or names that they are mapped by."""

    name: str
    kind: SourceKind = SourceKind.PLEX
    unknown_accounts: UnknownAccounts = UnknownAccounts.HOLD
    shelves: Mapping[str, str] = field(default_factory=dict)
    places: bool = True
    isolation_mode: IsolationMode = IsolationMode.LOUD
    secret_sha256: str | None = None
    accounts: Mapping[str, MappedAccount] = field(default_factory=dict)

    def evolved(self, event: SourceConfigured | SourceSecretIssued) -> "Source":
        """The source after an event of its stream."""
        if isinstance(event, SourceSecretIssued):
            return replace(self, secret_sha256=event.secret_sha256)
        return replace(self, **dict(event))

    def with_account(self, user: str, event: AccountEvent) -> "Source":
        """The source after an account became a user's, or is theirs no more."""
        accounts = dict(self.accounts)
        if isinstance(event, AccountMapped):
            accounts[event.account] = MappedAccount(user, event.name)
        elif (known := accounts.get(event.account)) and known.user == user:
            del accounts[event.account]
        return replace(self, accounts=accounts)

    def account_of(self, key: str, name: str | None) -> str | None:
        """What an account is mapped by, its key before its name; None if it is nobody's.

        Names are compared without regard to case, as servers do when somebody signs in. What is
        known to be a key is no name, or whoever calls themselves by it would be taken for another.
        """
        if key in self.accounts:
            return key
        folded = (name or "").casefold()
        named = (each for each, mapped in self.accounts.items() if mapped.name is None)
        return next((each for each in named if folded and each.casefold() == folded), None)

    def accounts_meant(self, text: str) -> list[str]:
        """What an operator means by a key or a name: accounts that are known by it, or itself."""
        if text in self.accounts:
            return [text]
        folded = text.casefold()
        known = self.accounts.items()
        return [key for key, each in known if (each.name or "").casefold() == folded] or [text]

    def shelf(self, kind: Kind, library: str | None) -> str:
        """The shelf for films or for series that a library's things stand on."""
        wanted = Kind.MOVIE_SHELF if kind is Kind.MOVIE else Kind.SHOW_SHELF
        by_kind = "movie" if kind is Kind.MOVIE else "show"
        for each in (library, by_kind):
            shelf = self.shelves.get(each) if each else None
            if shelf is not None and shelf.startswith(f"{wanted}:"):
                return shelf
        return f"{wanted}:{self.name}"

    def all_shelves(self) -> frozenset[str]:
        """Every shelf that its things may stand on."""
        by_kind = (self.shelf(kind, None) for kind in (Kind.MOVIE, Kind.SHOW))
        return frozenset({*self.shelves.values(), *by_kind})


def cduid_of(source: str, account: str, player: str | None) -> str:
    """The device user that an account is on a player; without a player, that of its bare marks.

    Different accounts or players never have the same: what ids don't allow, and the dot, is written
    as `~` and its bytes in hexadecimal, and what is too long ends in `~~` and a hash of all of it.
    """
    parts = [source, _part(account, _ACCOUNT_LENGTH_MAX)]
    return ".".join(parts if player is None else [*parts, _part(player, _PLAYER_LENGTH_MAX)])


def device_of(source: str, player: str | None) -> str:
    """The device that a player is for whoever plays on it; without a player, the server itself."""
    return source if player is None else f"{source}.{_part(player, _PLAYER_LENGTH_MAX)}"


def _part(text: str, length_max: int) -> str:
    data = text.encode("utf-8", "surrogatepass")
    safe = _unsafe.sub(lambda found: b"~%02x" % found[0][0], data).decode("ascii")
    if len(safe) <= length_max:
        return safe
    hashed = sha256(data).hexdigest()[:_HASH_LENGTH]
    return f"{safe[: length_max - _HASH_LENGTH - 2]}~~{hashed}"
