"""Media servers to pull from: they answer what the client libraries ask, of what a test puts in."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

Json = dict[str, Any]
TOKEN = "hush-hush"


class Asked(NamedTuple):
    """A request; `query` has the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    body: str | bytes
    type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012  # of one that nobody changes


class MediaServer:
    """`asked` is all that was; `mishap` may answer in place of the server, or shorten an answer."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.mishap: Callable[[Asked, Answer], Answer | None] = lambda _asked, _answer: None

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError


@contextmanager
def serving(server: MediaServer, certificate: Path | None = None) -> Iterator[str]:
    """The address at which a server answers until the end of the block; by TLS with a certificate
    that stands in a file with its key.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            asked = Asked(self.command, url.path, query, dict(self.headers), body)
            server.asked.append(asked)
            answer = server.answer(asked)
            answer = server.mishap(asked, answer) or answer
            content = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            headers: dict[str, str] = {"Content-Type": answer.type}
            headers["Content-Length"] = str(len(content))
            for name, value in {**headers, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = "Content-Length" in answer.headers  # it was cut short

        do_POST = do_GET  # noqa: N815  # as the library calls it

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        scheme = "https" if certificate else "http"
        yield f"{scheme}://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class Plex(MediaServer):
    """`items` by section and then by type; `plays` are rows of the history."""

    def __init__(self, server: str = "server-1") -> None:
        super().__init__()
        self.server = server
        self.sections: list[Json] = [
            {"key": "1", "type": "movie", "title": "Films"},
            {"key": "2", "type": "show", "title": "Series"},
            {"key": "3", "type": "artist", "title": "Music"},
        ]
        self.items: dict[tuple[str, str], list[Json]] = {}
        self.plays: list[Json] = []
        self.accounts: list[Json] = [{"id": "0", "name": ""}, {"id": "1", "name": "Ada"}]

    def film(self, key: str, title: str, guids: list[str], **more: Any) -> Json:
        film = {"ratingKey": key, "type": "movie", "title": title, "Guid": guids, **more}
        self.items.setdefault(("1", "1"), []).append(film)
        return film

    def episode(self, key: str, season: int, number: int, **more: Any) -> Json:
        """An episode of a show with the key 70, whose season is there, too."""
        show = {"ratingKey": "70", "type": "show", "title": "The Lodgers"}
        show["guid"] = "plex://show/5d9c08254eefaa001f5d6dcb"
        in_show = {"grandparentRatingKey": "70", "grandparentTitle": "The Lodgers"}
        of_season: Json = {
            "ratingKey": f"70{season}",
            "type": "season",
            "title": f"Season {season}",
        }
        of_season |= {"index": season, "parentRatingKey": "70", "parentTitle": "The Lodgers"}
        for type_, each in (("2", show), ("3", of_season)):
            there = self.items.setdefault(("2", type_), [])
            if all(other["ratingKey"] != each["ratingKey"] for other in there):
                there.append(each)
        episode = {"ratingKey": key, "type": "episode", "parentIndex": season, "index": number}
        episode |= {"title": f"Episode {number}", **in_show, **more}
        self.items.setdefault(("2", "4"), []).append(episode)
        return episode

    def play(self, item: Json, account: str, at: int) -> None:
        row = {"ratingKey": item["ratingKey"], "type": item["type"], "title": item["title"]}
        self.plays.append({**row, "accountID": account, "viewedAt": at, "deviceID": "5"})

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("X-Plex-Token") != TOKEN:
            return Answer("<html>401</html>", "text/html", 401)
        facts = {"machineIdentifier": self.server, "version": "1.41", "myPlexUsername": "ada@x"}
        small = {
            "/": _container([], "", facts),
            "/library/sections": _container(self.sections, "Directory"),
            "/accounts": _container(self.accounts, "Account"),
        }
        if asked.path in small:
            return small[asked.path]
        if asked.path == "/status/sessions/history/all":
            plays = sorted(self.plays, key=lambda each: int(each["viewedAt"]))
            return _page(asked, plays)
        if found := re.fullmatch(r"/library/sections/(\d+)/all", asked.path):
            assert asked.query["includeGuids"] == "1"
            return _page(asked, self.items.get((found[1], asked.query["type"]), []))
        return Answer("<html>404</html>", "text/html", 404)


def _page(asked: Asked, rows: list[Json]) -> Answer:
    start = int(asked.headers["X-Plex-Container-Start"])
    size = int(asked.headers["X-Plex-Container-Size"])
    page = rows[start : start + size]
    return _container(page, "Video", {"totalSize": len(rows), "offset": start})


def _container(rows: list[Json], tag: str, facts: Json | None = None) -> Answer:
    inner = "".join(_element(tag, each) for each in rows)
    head = "".join(f" {name}={quoteattr(str(each))}" for name, each in (facts or {}).items())
    body = f'<?xml version="1.0" encoding="UTF-8"?><MediaContainer size="{len(rows)}"{head}>'
    return Answer(f"{body}{inner}</MediaContainer>", "text/xml;charset=utf-8")


def _element(tag: str, row: Json) -> str:
    guids = "".join(f"<Guid id={quoteattr(each)}/>" for each in row.get("Guid", ()))
    facts = {name: each for name, each in row.items() if name != "Guid"}
    given = "".join(f" {name}={quoteattr(str(each))}" for name, each in facts.items())
    return f"<{tag}{given}>{guids}</{tag}>"


class Jellyfin(MediaServer):
    """Jellyfin or Emby; `watched` is UserData by user and item."""

    def __init__(self, server: str = "a" * 32) -> None:
        super().__init__()
        self.server = server
        self.views: list[Json] = [
            {"Id": "f" * 32, "Name": "Films", "CollectionType": "movies"},
            {"Id": "5" * 32, "Name": "Series", "CollectionType": "tvshows"},
            {"Id": "e" * 32, "Name": "Music", "CollectionType": "music"},
        ]
        self.users: list[Json] = [
            {"Id": "b" * 32, "Name": "ada", "Policy": {"IsAdministrator": True}},
            {"Id": "c" * 32, "Name": "ben", "Policy": {"IsAdministrator": False}},
        ]
        self.items: list[Json] = []
        self.watched: dict[tuple[str, str], Json] = {}

    def add(self, type_: str, key: str, view: int, **fields: Any) -> str:
        """The id of a new item in a library by its number."""
        id_ = key.rjust(32, "0")
        in_view = {"Id": id_, "Type": type_, "View": self.views[view]["Id"]}
        self.items.append({**in_view, "Name": f"{type_} {key}", **fields})
        return id_

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/System/Info/Public":
            return _json({"Id": self.server, "Version": "10.11.0"})
        if not self._is_known(asked):
            return Answer("", status=401)
        if asked.path == "/Users":
            return _json(self.users)
        if asked.path.endswith("/Views"):
            return _json({"Items": self.views, "TotalRecordCount": len(self.views)})
        if found := re.fullmatch(r"/Users/(\w+)/Items", asked.path):
            return _json(self._listed(found[1], asked.query))
        return Answer("", status=404)

    def _is_known(self, asked: Asked) -> bool:
        return f'Token="{TOKEN}"' in asked.headers.get("Authorization", "")

    def _listed(self, user: str, query: dict[str, str]) -> Json:
        types, flag = query["IncludeItemTypes"].split(","), query.get("Filters")
        view = query.get("ParentId")
        found = []
        for item in self.items:
            data = self.watched.get((user, item["Id"]), {})
            is_wanted = {
                None: True,
                "IsPlayed": bool(data.get("Played")),
                "IsResumable": bool(data.get("PlaybackPositionTicks")),
            }[flag]
            if item["Type"] in types and view in {None, item["View"]} and is_wanted:
                found.append({**item, "UserData": data})
        start, limit = int(query["StartIndex"]), int(query["Limit"])
        return {"Items": found[start : start + limit], "TotalRecordCount": len(found)}


class Emby(Jellyfin):
    def _is_known(self, asked: Asked) -> bool:
        return asked.headers.get("X-Emby-Token") == TOKEN


class Kodi(MediaServer):
    """`lists` are what each method answers, by what its list is called."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[Json]] = {
            name: [] for name in ("movies", "tvshows", "seasons", "episodes")
        }

    def answer(self, asked: Asked) -> Answer:
        if "Authorization" not in asked.headers:
            return Answer("", status=401)
        request = json.loads(asked.body)
        return _json({"jsonrpc": "2.0", "id": request["id"], "result": self._result(request)})

    def _result(self, request: Json) -> Any:
        if request["method"] == "JSONRPC.Ping":
            return "pong"
        name = request["method"].partition(".Get")[2].lower()
        rows, limits = self.lists[name], request["params"]["limits"]
        page = rows[limits["start"] : limits["end"]]
        keys = {*request["params"]["properties"], f"{name[:-1]}id"}
        answer: Json = {"limits": {**limits, "total": len(rows)}}
        if page:  # as Kodi does, it leaves out an empty list
            answer[name] = [{k: v for k, v in row.items() if k in keys} for row in page]
        return answer


def _json(value: Any) -> Answer:
    return Answer(json.dumps(value))
