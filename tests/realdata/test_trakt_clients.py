"""Trakt's API asked what real clients asked, line by line: each is answered as it was there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, served

_DATA = Path(__file__).parents[3] / "shared" / "data" / "clients"
_FILES = ("trakt.py", "trakt-scrobbler", "kodi-script.trakt", "jellyfin-plugin-trakt")
_SHOW, _FILM = 19792, 701
"""Numbers that the stand-in had for what the ledger has numbers of its own for."""

pytestmark = pytest.mark.skipif(
    not all((_DATA / f"{name}.ndjson").exists() for name in _FILES),
    reason=f"what real clients send isn't in {_DATA}",
)


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
    }
    with opened(load_settings(options)) as services, capture_logs(), served(services) as address:
        found = Api(address, "the-admin", services)
        yield found
        found.close()


def placed(api: Api) -> dict[int, int]:
    """Places what is asked for; by the stand-in's numbers the ledger's."""
    ids = {"imdb": "tt1475582", "tmdb": "19885", "tvdb": "176941"}
    show = {"item": "show:s", "parent": "show_shelf:t", "title": "Sherlock", "year": 2010}
    film = {"item": "movie:f", "parent": "movie_shelf:m", "title": "The Third Man", "year": 1949}
    api.place(
        {"item": "movie_shelf:m", "parent": None},
        {"item": "show_shelf:t", "parent": None},
        {**show, "external_ids": ids},
        {**film, "external_ids": {"imdb": "tt0041959", "tmdb": "1092"}},
    )
    nodes = api.services.trakt.finder.catalog.nodes
    return {_SHOW: nodes["show:s"].number, _FILM: nodes["movie:f"].number}


def authorized(api: Api) -> str:
    client = {"client_id": "c", "client_secret": "s"}
    body = {**client, "grant_type": "authorization_code", "code": api.services.trakt.codes.pin("a")}
    return str(api.nobody.post("/trakt/oauth/token", json=body).json()["access_token"])


def lines(name: str) -> Iterator[dict[str, Any]]:
    for text in (_DATA / f"{name}.ndjson").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if not line["path"].startswith("/oauth"):
            yield line


def renumbered(body: Any, numbers: dict[int, int]) -> Any:
    if isinstance(body, dict):
        return {
            key: numbers.get(each, each) if key == "trakt" else renumbered(each, numbers)
            for key, each in body.items()
        }
    return [renumbered(each, numbers) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize("name", _FILES)
def test_each_call_is_answered_as_it_was(api: Api, name: str) -> None:
    numbers = placed(api)
    client = api.client(authorized(api))
    differing = []
    for line in lines(name):
        path = line["path"]
        if line["method"] == "DELETE":
            path = f"/sync/playback/{client.get('/trakt/sync/playback').json()[0]['id']}"
        answer = client.request(
            line["method"], f"/trakt{path}", json=renumbered(line["body"], numbers)
        )
        if "answered" not in line:
            assert answer.status_code in {200, 201, 404, 409}, (line["step"], answer.text)
        elif answer.status_code != line["answered"]:
            differing.append((line["step"], path, answer.status_code, answer.text))
    assert differing == []
