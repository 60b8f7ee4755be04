"""What a server's library holds and what was watched of it, whatever kind of server it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.items import Kind
from domain.references import Reference
from infrastructure.sources.heard import Account


class Library(NamedTuple):
    """A library by the server's key, what it is called, and what kinds of items it lists."""

    key: str
    title: str | None
    kinds: Sequence[Kind]


class Listed(NamedTuple):
    """A file or a container by the server's key: `references` are the items in it, in order, one
    but for a file of several episodes. A season and an episode know their show by its key.
    """

    kind: Kind
    key: str
    references: Sequence[Reference]
    show: str | None = None


class Seen(NamedTuple):
    """That an account watched an item, or how far it is with `played_seconds`.

    `at` is when, as far as the server says; `stamp` is that in its own words, by which the same is
    known again.
    """

    account: Account
    kind: Kind
    key: str
    at: datetime | None = None
    stamp: str = ""
    played_seconds: float | None = None
    duration_seconds: float | None = None


class Reader(Protocol):
    """A server that is read. Each of these raises PullProblem.

    `accounts` are those that somebody may be mapped to; with none of them there is nothing to ask.
    """

    @property
    def server(self) -> str:
        """What the server calls itself, the same for good; empty if it doesn't say."""
        ...

    def libraries(self) -> Sequence[Library]:
        """What it has of films and series."""
        ...

    def items(self, library: Library, kind: Kind) -> Iterator[Listed]:
        """All of a kind, page by page."""
        ...

    def accounts(self) -> Sequence[Account]:
        """Who there is."""
        ...

    def seen(self, accounts: Sequence[Account]) -> Iterator[Seen]:
        """What these accounts watched. To be asked once all items have been."""
        ...
