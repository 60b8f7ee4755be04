"""Plex, read by plexapi: sections, what they list with ids of today's and legacy agents, plays.

How far the token's owner is stands with the items; of the others there is only the history. What is
in neither, such as what others than the owner marked by hand, Plex doesn't tell.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from plexapi.exceptions import PlexApiException
from plexapi.server import PlexServer
from pydantic import Field

from domain.items import Kind
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.connection import Connection, half_answer, no_answer
from infrastructure.pulling.listed import Library, Listed, Seen
from infrastructure.sources.fields import Text, UnixMoment, Whole, as_whole
from infrastructure.sources.heard import Account, NotUnderstood
from infrastructure.sources.naming import kind_named
from infrastructure.sources.plex_items import Camel, Metadata, reference_of
from infrastructure.sources.positions import MILLISECONDS, length_seconds, position_seconds

_PAGE = 1_000
_TYPE = {Kind.MOVIE: 1, Kind.SHOW: 2, Kind.SEASON: 3, Kind.EPISODE: 4}
_KINDS = {"movie": (Kind.MOVIE,), "show": (Kind.SHOW, Kind.SEASON, Kind.EPISODE)}
_OWNER = "1"
"""The server's owner has this key in every Plex server, in its history as in its hooks."""
logging.getLogger("plexapi").setLevel(logging.CRITICAL)  # it tells by its exceptions


class _Item(Metadata):
    view_count: Whole = None
    last_viewed_at: UnixMoment = None


class _Play(Camel):
    type: Text = None
    rating_key: Text = None
    viewed_at: UnixMoment = None
    account: Annotated[Text, Field(alias="accountID")] = None


class _Owners(NamedTuple):
    """What the listing says of the owner and an item."""

    kind: Kind
    key: str
    times: int
    viewed_at: datetime | None
    played_seconds: float | None
    duration_seconds: float | None


class PlexReader:
    def __init__(self, address: Address, connection: Connection) -> None:
        self._host = address.host
        self._owners: list[_Owners] = []
        try:
            self._plex: Any = PlexServer(  # type: ignore[no-untyped-call]  # it has no types
                address.url, address.token, session=connection
            )
        except (PlexApiException, ParseError, AttributeError):
            raise no_answer(self._host) from None
        self.server: str = getattr(self._plex, "machineIdentifier", None) or ""
        if not self.server:
            raise no_answer(self._host)

    def libraries(self) -> Sequence[Library]:
        return [
            Library(each.get("key", ""), each.get("title"), _KINDS[each.get("type", "")])
            for each in self._ask("/library/sections")
            if each.get("type") in _KINDS
        ]

    def items(self, library: Library, kind: Kind) -> Iterator[Listed]:
        path = f"/library/sections/{library.key}/all?includeGuids=1&type={_TYPE[kind]}"
        for element in self._pages(path):
            found = _Item.model_validate(_with_guids(element))
            if kind_named(found.type) is not kind or not found.rating_key:
                continue
            length = length_seconds(found.duration, MILLISECONDS)
            try:
                references = [reference_of(kind, found, self.server, length)]
            except NotUnderstood:
                references = []
            self._keep(kind, found, length)
            of_season = found.parent_rating_key
            show = of_season if kind is Kind.SEASON else found.grandparent_rating_key
            yield Listed(kind, found.rating_key, references, show)

    def accounts(self) -> Sequence[Account]:
        found = [Account(_OWNER, self._plex.myPlexUsername or None)]
        for each in self._ask("/accounts"):
            key, name = each.get("id", ""), each.get("name") or None
            if key == _OWNER:
                found[0] = Account(_OWNER, name or found[0].name)
            elif key not in {"", "0"}:
                found.append(Account(key, name))
        return found

    def seen(self, accounts: Sequence[Account]) -> Iterator[Seen]:
        by_key = {each.key: each for each in accounts}
        played: set[str] = set()
        for element in self._pages("/status/sessions/history/all?sort=viewedAt:asc"):
            play = _Play.model_validate(element.attrib)
            kind, key = kind_named(play.type), play.rating_key
            who = by_key.get(play.account or "")
            if kind is None or key is None or who is None or play.viewed_at is None:
                continue
            if who.key == _OWNER:
                played.add(key)
            yield Seen(who, kind, key, play.viewed_at, _stamp(play.viewed_at))
        if _OWNER in by_key:
            yield from self._owners_seen(by_key[_OWNER], played)

    def _owners_seen(self, owner: Account, played: set[str]) -> Iterator[Seen]:
        """What the listing says and the history doesn't; of what is half seen again it is the
        present time that is told, and not when it was watched.
        """
        for kind, key, times, at, played_seconds, length in self._owners:
            again = bool(played_seconds)
            if times and key not in played:
                watched_at = None if again else at
                yield Seen(owner, kind, key, watched_at, _stamp(watched_at))
            if again:
                yield Seen(owner, kind, key, at, _stamp(at), played_seconds, length)

    def _keep(self, kind: Kind, found: _Item, length: float | None) -> None:
        if kind not in {Kind.MOVIE, Kind.EPISODE} or not (found.view_count or found.view_offset):
            return
        try:
            played = position_seconds(found.view_offset, length, MILLISECONDS)
        except NotUnderstood:
            played = None
        key = found.rating_key or ""
        times = found.view_count or 0
        self._owners.append(_Owners(kind, key, times, found.last_viewed_at, played, length))

    def _pages(self, path: str) -> Iterator[Element]:
        start = 0
        while True:
            page = self._ask(path, start)
            total = as_whole(page.get("totalSize") or page.get("size")) or 0
            yield from page
            start += len(page)
            if start >= total:
                return
            if not len(page):
                raise half_answer(self._host, start, total)

    def _ask(self, path: str, start: int | None = None) -> Element:
        headers = (
            {}
            if start is None
            else {
                "X-Plex-Container-Start": str(start),
                "X-Plex-Container-Size": str(_PAGE),
            }
        )
        try:
            found: Element | None = self._plex.query(path, headers=headers)
        except (PlexApiException, ParseError):
            raise no_answer(self._host) from None
        if found is None or found.tag != "MediaContainer":
            raise no_answer(self._host)
        return found


def _with_guids(element: Element) -> dict[str, object]:
    return {**element.attrib, "Guid": [dict(each.attrib) for each in element.iter("Guid")]}


def _stamp(at: datetime | None) -> str:
    return "" if at is None else f"{at.timestamp():.0f}"
