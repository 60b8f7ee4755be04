"""Jellyfin, and Emby, which it came of: both answer the same questions, and one library asks them.

The library's listing is an administrator's, who sees all of it; what was watched is asked of each
account by itself. The client makes nothing of a failing server's answer, so that is told by the
connection below it.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from jellyfin_apiclient_python import JellyfinClient
from pydantic import Field

from domain.events import SourceKind
from domain.items import Kind
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.connection import Connection, half_answer, no_answer
from infrastructure.pulling.listed import Library, Listed, Seen
from infrastructure.pulling.problems import PullProblem
from infrastructure.sources.base_items import BaseItem, BaseUser, Pascal, file_of, why_not_told
from infrastructure.sources.fields import Amount, Text, Truth, UtcMoment
from infrastructure.sources.heard import Account, NotUnderstood
from infrastructure.sources.naming import kind_named, without_dashes
from infrastructure.sources.positions import TICKS, length_seconds, position_seconds

_PAGE = 500
_TYPE = {
    Kind.MOVIE: "Movie",
    Kind.SHOW: "Series",
    Kind.SEASON: "Season",
    Kind.EPISODE: "Episode",
}
_IN_SHOWS = (Kind.SHOW, Kind.SEASON, Kind.EPISODE)
_KINDS = {"movies": (Kind.MOVIE,), "tvshows": _IN_SHOWS, None: (Kind.MOVIE, *_IN_SHOWS)}
"""By what a library is for; one that is for nothing is mixed."""
_FIELDS = "ProviderIds,ParentId"
for _name in ("Jellyfin", "JELLYFIN"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # it writes tokens into its logs


class _WatchedData(Pascal):
    played: Truth = None
    last_played_date: UtcMoment = None
    stamp: Annotated[Text, Field(alias="LastPlayedDate")] = None
    playback_position_ticks: Amount = None


class _Watched(Pascal):
    id: Text = None
    type: Text = None
    run_time_ticks: Amount = None
    user_data: _WatchedData = _WatchedData()


class _Policy(Pascal):
    is_administrator: Truth = None


class _User(BaseUser):
    policy: _Policy = _Policy()


class JellyfinReader:
    def __init__(self, kind: SourceKind, address: Address, connection: Connection) -> None:
        self._kind = kind
        self._host = address.host
        self._headers = {"X-Emby-Token": address.token} if kind is SourceKind.EMBY else {}
        self._client: Any = JellyfinClient()
        config = self._client.config
        config.app("watchledger", "1", "watchledger", "watchledger")
        config.auth(address.url, None, address.token, ssl=address.certificates or True)
        self._client.http.session = connection
        self._client.http.keep_alive = True
        self.server: str = self._ask("System/Info/Public").get("Id") or ""
        if not self.server:
            raise no_answer(self._host)
        users = self._ask("Users", is_list=True)
        self._users = [_User.model_validate(each) for each in users]

    def libraries(self) -> Sequence[Library]:
        return [
            Library(str(each.get("Id")), each.get("Name"), _KINDS[each.get("CollectionType")])
            for each in self._ask(f"Users/{self._seer}/Views").get("Items", [])
            if each.get("CollectionType") in _KINDS
        ]

    def items(self, library: Library, kind: Kind) -> Iterator[Listed]:
        asked = {"ParentId": library.key, "IncludeItemTypes": _TYPE[kind], "Fields": _FIELDS}
        for found in self._pages(self._seer, asked):
            item = BaseItem.model_validate(found)
            if not item.id or kind_named(item.type) is not kind or _is_missing(found):
                continue
            if why_not_told(item) is not None:
                continue
            try:
                references = file_of(kind, item, (self._kind, self.server)).items
            except NotUnderstood:
                references = []
            show = item.series_id and without_dashes(item.series_id)
            yield Listed(kind, without_dashes(item.id), references, show)

    def accounts(self) -> Sequence[Account]:
        return [Account(without_dashes(each.id), each.name) for each in self._users if each.id]

    def seen(self, accounts: Sequence[Account]) -> Iterator[Seen]:
        for account in accounts:
            for is_what in ("IsPlayed", "IsResumable"):
                asked = {"IncludeItemTypes": "Movie,Episode", "Filters": is_what}
                for found in self._pages(account.key, asked):
                    yield from _seen(account, _Watched.model_validate(found), is_what)

    @property
    def _seer(self) -> str:
        """Who sees all libraries."""
        for each in self._users:
            if each.id and each.policy.is_administrator:
                return without_dashes(each.id)
        raise PullProblem(
            f"{self._host} names no administrator. Write an API key as token, made in its "
            "dashboard under API keys."
        )

    def _pages(self, user: str, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
        start = 0
        while True:
            params = {"Recursive": "true", "StartIndex": start, "Limit": _PAGE, **asked}
            params |= {"EnableUserData": "true", "SortBy": "DateCreated,SortName"}
            page = self._ask(f"Users/{user}/Items", params)
            items, total = page.get("Items"), page.get("TotalRecordCount")
            if not isinstance(items, list) or not isinstance(total, int):
                raise no_answer(self._host)
            yield from items
            start += len(items)
            if start >= total:
                return
            if not items:
                raise half_answer(self._host, start, total)

    def _ask(
        self, handler: str, params: dict[str, Any] | None = None, *, is_list: bool = False
    ) -> Any:
        request = {"type": "GET", "handler": handler, "params": params or {}, "retry": 0}
        found = self._client.http.request({**request, "headers": self._headers})
        if not isinstance(found, list if is_list else dict):
            raise no_answer(self._host)
        return found


def _is_missing(found: dict[str, Any]) -> bool:
    """Whether it is an episode that the server only knows to be out somewhere."""
    return found.get("LocationType") == "Virtual"


def _seen(account: Account, found: _Watched, is_what: str) -> Iterator[Seen]:
    """What is half seen again was watched nobody knows when: its date is that of the position."""
    kind, data, length = kind_named(found.type), found.user_data, None
    if kind is None or not found.id:
        return
    key, again = without_dashes(found.id), bool(data.playback_position_ticks)
    at, stamp = data.last_played_date, data.stamp or ""
    if is_what == "IsPlayed" and data.played:
        yield Seen(account, kind, key, *((None, "") if again else (at, stamp)))
    elif is_what == "IsResumable" and again:
        length = length_seconds(found.run_time_ticks, TICKS)
        try:
            played = position_seconds(data.playback_position_ticks, length, TICKS)
        except NotUnderstood:
            return
        yield Seen(account, kind, key, at, stamp, played, length)
