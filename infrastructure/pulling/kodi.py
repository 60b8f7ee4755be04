"""Kodi, asked by JSON-RPC over HTTP, page by page; the profile that is open is its one account.

Kodi writes times without a zone: they are read as of this machine's. Its keys are numbers of its
own database, which begin anew when that is made anew.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from domain.items import Kind
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.connection import Connection, half_answer, no_answer
from infrastructure.pulling.listed import Library, Listed, Seen
from infrastructure.pulling.problems import PullProblem
from infrastructure.sources.fields import Amount, Shape, Text, Whole
from infrastructure.sources.heard import Account, NotUnderstood
from infrastructure.sources.kodi import Details, reference_of
from infrastructure.sources.positions import length_seconds, position_seconds

_PAGE = 500
_LIBRARIES = (
    Library("movies", None, (Kind.MOVIE,)),
    Library("tvshows", None, (Kind.SHOW, Kind.SEASON, Kind.EPISODE)),
)
_WATCHED = ["playcount", "lastplayed", "resume"]
_ASKED: dict[Kind, tuple[str, str, str, list[str]]] = {
    Kind.MOVIE: (
        "VideoLibrary.GetMovies",
        "movies",
        "movieid",
        ["title", "year", "uniqueid", "runtime", *_WATCHED],
    ),
    Kind.SHOW: ("VideoLibrary.GetTVShows", "tvshows", "tvshowid", ["title", "year", "uniqueid"]),
    Kind.SEASON: (
        "VideoLibrary.GetSeasons",
        "seasons",
        "seasonid",
        ["title", "season", "showtitle", "tvshowid"],
    ),
    Kind.EPISODE: (
        "VideoLibrary.GetEpisodes",
        "episodes",
        "episodeid",
        ["title", "season", "episode", "showtitle", "tvshowid", "uniqueid", "runtime", *_WATCHED],
    ),
}
"""How a kind is asked for, what its list and its key are called, and what is wanted of it."""


class _Resume(Shape):
    position: Amount = None


class _Item(Details):
    tvshowid: Text = None
    playcount: Whole = None
    lastplayed: Text = None
    resume: _Resume = _Resume()


class KodiReader:
    server = ""

    def __init__(self, address: Address, connection: Connection) -> None:
        self._connection = connection
        self._address = address
        if address.user is not None or address.token:
            connection.auth = (address.user or "kodi", address.token)
        self._numbers = count(1)
        self._account = Account("kodi")
        self._seen: list[Seen] = []
        if self._ask("JSONRPC.Ping") != "pong":
            raise no_answer(address.host)

    def libraries(self) -> Sequence[Library]:
        return _LIBRARIES

    def items(self, library: Library, kind: Kind) -> Iterator[Listed]:  # noqa: ARG002  # there is one of a kind
        id_name = _ASKED[kind][2]
        for found in self._pages(kind):
            item, key = _Item.model_validate(found), found.get(id_name)
            if not isinstance(key, int):
                raise no_answer(self._address.host)
            try:
                references = [reference_of(kind, item)]
            except NotUnderstood:
                references = []
            self._seen += self._seen_of(kind, str(key), item)
            yield Listed(kind, str(key), references, item.tvshowid)

    def accounts(self) -> Sequence[Account]:
        return [self._account]

    def seen(self, accounts: Sequence[Account]) -> Iterator[Seen]:
        return iter(self._seen if accounts else ())

    def _seen_of(self, kind: Kind, key: str, item: _Item) -> Iterator[Seen]:
        if kind not in {Kind.MOVIE, Kind.EPISODE}:
            return
        at, stamp = _moment(item.lastplayed), item.lastplayed or ""
        again = bool(item.resume.position)
        if item.playcount:
            yield Seen(self._account, kind, key, *((None, "") if again else (at, stamp)))
        if again:
            length = length_seconds(item.runtime)
            try:
                played = position_seconds(item.resume.position, length)
            except NotUnderstood:
                return
            yield Seen(self._account, kind, key, at, stamp, played, length)

    def _pages(self, kind: Kind) -> Iterator[dict[str, Any]]:
        method, name, _, properties = _ASKED[kind]
        start = 0
        while True:
            limits = {"start": start, "end": start + _PAGE}
            page = self._ask(method, properties=properties, limits=limits)
            items = page.get(name, []) if isinstance(page, dict) else None
            total = page["limits"].get("total") if items is not None and "limits" in page else None
            if not isinstance(items, list) or not isinstance(total, int):
                raise no_answer(self._address.host)
            yield from items
            start += len(items)
            if start >= total:
                return
            if not items:
                raise half_answer(self._address.host, start, total)

    def _ask(self, method: str, **params: Any) -> Any:
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method}
        request["params"] = params
        response = self._connection.post(f"{self._address.url}/jsonrpc", json=request)
        try:
            answer = response.json()
        except ValueError:
            raise no_answer(self._address.host) from None
        if not isinstance(answer, dict) or answer.get("id") != request["id"]:
            raise no_answer(self._address.host)
        if "error" in answer:
            raise PullProblem(
                f"{self._address.host} refuses {method}. See Kodi's log; it must be version 18 or "
                "newer."
            )
        return answer.get("result")


def _moment(text: str | None) -> datetime | None:
    """A time without a zone as of this machine's; None if there is none."""
    try:
        return datetime.fromisoformat(text or "").astimezone()
    except (ValueError, OverflowError, OSError):
        return None
