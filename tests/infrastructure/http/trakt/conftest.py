"""A served ledger with a film and a show, and Trakt clients on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, served

CLIENT = {"client_id": "a-client", "client_secret": "a-secret"}
SHERLOCK = {"title": "Sherlock", "year": 2010, "ids": {"imdb": "tt1475582", "tmdb": 19885}}
THIRD_MAN = {"title": "The Third Man", "year": 1949, "ids": {"imdb": "tt0041959", "tmdb": 1092}}


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
        "stranger_requests_per_second": 0,
        "trakt_hosts": "api.trakt.tv",
    }
    with opened(load_settings(options)) as services, capture_logs(), served(services) as address:
        found = Api(address, "the-admin", services)
        found.place(
            {"item": "movie_shelf:m", "parent": None, "title": "Movies"},
            {
                "item": "movie:third-man",
                "parent": "movie_shelf:m",
                "title": "The Third Man",
                "year": 1949,
                "external_ids": {"imdb": "tt0041959", "tmdb": "1092"},
                "runtime_seconds": 6240,
            },
            {"item": "show_shelf:tv", "parent": None},
            {
                "item": "show:sherlock",
                "parent": "show_shelf:tv",
                "title": "Sherlock",
                "year": 2010,
                "external_ids": {"imdb": "tt1475582", "tmdb": "19885", "tvdb": "176941"},
            },
            {"item": "season:1", "parent": "show:sherlock", "index": 1},
            *(
                {
                    "item": f"episode:{number}",
                    "parent": "season:1",
                    "index": number,
                    "title": f"Part {number}",
                    "external_ids": {"tvdb": f"77{number}"},
                    "runtime_seconds": 5400,
                }
                for number in (1, 2, 3)
            ),
        )
        yield found
        found.close()


def tokens_of(api: Api, user: str = "ann") -> dict[str, Any]:
    """What a client gets that a person approved."""
    asked = api.nobody.post("/trakt/oauth/device/code", json=CLIENT).json()
    body = {"code": asked["user_code"], "user": user}
    assert api.admin.post("/v1/trakt/authorizations", json=body).status_code == 200
    answer = api.nobody.post(
        "/trakt/oauth/device/token", json={**CLIENT, "code": asked["device_code"]}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def client_of(api: Api) -> Callable[..., httpx.Client]:
    """A client for a user, whose paths are Trakt's."""

    def make(user: str = "ann") -> httpx.Client:
        client = api.client(tokens_of(api, user)["access_token"])
        client.base_url = httpx.URL(f"{api.address}/trakt/")
        return client

    return make


@pytest.fixture
def client(client_of: Callable[..., httpx.Client]) -> httpx.Client:
    return client_of()
