"""Pulls ask a server what the client libraries were recorded to ask, in the way they ask it."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.events import SourceKind
from domain.source import Source
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.readers import reading
from tests.helpers.pulled_servers import TOKEN, Jellyfin, MediaServer, Plex, serving

_DATA = Path(__file__).parents[3] / "shared" / "data" / "clients"
_RECORDED = {"plex": "plexapi-reads", "jellyfin": "jellyfin-apiclient-reads"}

pytestmark = pytest.mark.skipif(
    not all((_DATA / f"{name}.ndjson").exists() for name in _RECORDED.values()),
    reason=f"what real client libraries ask isn't in {_DATA}",
)


class Recorded:
    """A request that a library made: where, with which names in the query and which headers."""

    def __init__(self, kind: str, path: str, start: str) -> None:
        lines = (_DATA / f"{_RECORDED[kind]}.ndjson").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        [each, *_] = [one for one in found if urlsplit(one["path"]).path.startswith(path)]
        self.names = set(parse_qs(urlsplit(each["path"]).query))
        self.headers = {name for name in each["headers"] if name.startswith(start)}


def read_all(kind: str, server: MediaServer) -> None:
    source = Source("home", kind=SourceKind(kind))
    with serving(server) as url, reading(source, Address(url, TOKEN)) as reader:
        for library in reader.libraries():
            for each in library.kinds:
                list(reader.items(library, each))
        list(reader.seen(reader.accounts()))


@pytest.mark.parametrize(
    "path",
    ["/", "/library/sections", "/library/sections/1/all", "/library/sections/2/all"],
)
def test_plex_is_asked_as_plexapi_was_recorded_to_ask(path: str) -> None:
    recorded, plex = Recorded("plex", path, "X-Plex-"), Plex()
    read_all("plex", plex)
    asked = next(each for each in plex.asked if each.path == path)
    assert recorded.names == set(asked.query)
    assert recorded.headers <= set(asked.headers)


def test_plex_is_asked_for_plays_as_plexapi_was_recorded_to_ask() -> None:
    path = "/status/sessions/history/all"
    recorded, plex = Recorded("plex", path, "X-Plex-"), Plex()
    read_all("plex", plex)
    asked = next(each for each in plex.asked if each.path == path)
    assert set(asked.query) <= recorded.names
    assert recorded.headers == {name for name in asked.headers if name.startswith("X-Plex-")}


def test_jellyfin_is_asked_as_its_library_was_recorded_to_ask() -> None:
    recorded, jellyfin = Recorded("jellyfin", "/Users/b", "Auth"), Jellyfin()
    read_all("jellyfin", jellyfin)
    asked = next(each for each in jellyfin.asked if each.path.endswith("/Items"))
    assert recorded.names <= set(asked.query)
    assert recorded.headers <= set(asked.headers)
