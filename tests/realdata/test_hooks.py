"""Hooks fed with what real media servers sent, line by line: whatever they say is taken."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, served

_DATA = Path(__file__).parents[3] / "shared" / "data" / "clients"
_FILES = {
    "plex": "plex-webhooks",
    "jellyfin": "jellyfin-webhook",
    "emby": "emby-webhooks",
    "tautulli": "tautulli",
}

pytestmark = pytest.mark.skipif(
    not all((_DATA / f"{name}.ndjson").exists() for name in _FILES.values()),
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


def sent(kind: str) -> Iterator[tuple[str, bytes]]:
    """Content type and body of each request as it came."""
    for text in (_DATA / f"{_FILES[kind]}.ndjson").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        body = line.get("body")
        raw = body if isinstance(body, str) else json.dumps(body)
        whole = base64.b64decode(line["body_base64"]) if "body_base64" in line else raw.encode()
        yield line["headers"]["Content-Type"], whole


def deliver(client: httpx.Client, hook: str, content_type: str, body: bytes) -> dict[str, Any]:
    answer = client.post(hook, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("kind", _FILES)
def test_what_real_servers_send_is_taken_and_sent_again_makes_no_play(api: Api, kind: str) -> None:
    body = {"kind": kind, "unknown_accounts": "create"}
    hook = api.admin.put(f"/v1/sources/{kind}", json=body).json()["hook"]
    first = Counter(deliver(api.nobody, hook, *each)["status"] for each in sent(kind))
    assert first["taken"] > 3
    assert (first["held"], first["failed"]) == (0, 0)
    before = plays_and_marks(api)
    again = Counter(deliver(api.nobody, hook, *each)["status"] for each in sent(kind))
    assert (again["held"], again["failed"]) == (0, 0)
    assert plays_and_marks(api) == before


def plays_and_marks(api: Api) -> list[Any]:
    """What sending all of it again may not change. A tick that told nothing new was left out, and
    is one behind the rest when it comes again.
    """
    after = {"after": str(api.services.ledger.head().position), "limit": "1000"}
    found: list[Any] = []
    for user in api.admin.get("/v1/device-users", params=after).json()["items"]:
        plays = api.admin.get(f"/v1/device-users/{user['cduid']}/plays", params=after)
        found.append(plays.json()["plays"])
    for type_ in ("watch", "unwatch", "device_user_registered"):
        events = api.admin.get("/v1/history", params={**after, "type": type_}).json()["events"]
        found.append(events)
    return found
