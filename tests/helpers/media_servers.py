"""Media servers as tests have them tell: what each kind posts to its hook."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Json = dict[str, Any]

PLEX_FILM: Json = {
    "type": "movie",
    "ratingKey": "41",
    "librarySectionTitle": "Films",
    "title": "Nosferatu",
    "year": 1922,
    "duration": 5_640_000,
    "Guid": [{"id": "imdb://tt0013442"}, {"id": "tmdb://653"}],
}
PLEX_EPISODE: Json = {
    "type": "episode",
    "ratingKey": "77",
    "grandparentRatingKey": "70",
    "grandparentTitle": "The Lodgers",
    "grandparentGuid": "plex://show/5d9c08254eefaa001f5d6dcb",
    "title": "Moving in",
    "parentIndex": 1,
    "index": 2,
    "duration": 1_500_000,
    "Guid": [{"id": "tvdb://8123001"}],
}
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4 + b"\xff\xd9"


def now(*, seconds_ago: float = 0) -> str:
    """A time as servers write it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


def plex(event: str, item: Json = PLEX_FILM, *, offset_seconds: float | None = None) -> Json:
    """What Plex posts of its owner on a television; times are in milliseconds."""
    metadata = item if offset_seconds is None else {**item, "viewOffset": offset_seconds * 1000}
    return {
        "event": event,
        "user": True,
        "owner": True,
        "Account": {"id": 1, "title": "Ada"},
        "Server": {"title": "attic", "uuid": "server-1"},
        "Player": {"local": True, "title": "Living room", "uuid": "tv-1"},
        "Metadata": metadata,
    }


def of_account(payload: Json, key: int, name: str) -> Json:
    """The same of another account of the Plex server."""
    return {**payload, "Account": {"id": key, "title": name}}


def jellyfin(type_: str, *, at: str, **fields: Any) -> Json:
    """What Jellyfin's plugin posts of a film with all properties; lengths are in 100 ns."""
    return {
        "NotificationType": type_,
        "ServerId": "5f1c",
        "UtcTimestamp": at,
        "ItemId": "c0ffee",
        "ItemType": "Movie",
        "Name": "Nosferatu",
        "Year": 1922,
        "RunTimeTicks": 56_400_000_000,
        "Provider_imdb": "tt0013442",
        "UserId": "a1b2",
        "NotificationUsername": "ada",
        "DeviceId": "browser-9",
        "DeviceName": "Firefox",
        "ClientName": "Jellyfin Web",
        **fields,
    }


def tautulli(action: str, *, offset_seconds: float, utctime: str) -> Json:
    """What Tautulli posts by the template that is given to paste: all of it text."""
    return {
        "action": action,
        "user_id": "1",
        "username": "Ada",
        "machine_id": "tv-1",
        "player": "Living room",
        "server_machine_id": "server-1",
        "media_type": "movie",
        "live": "0",
        "title": "Nosferatu",
        "year": "1922",
        "imdb_id": "tt0013442",
        "themoviedb_id": "653",
        "view_offset": str(int(offset_seconds * 1000)),
        "duration_ms": "5640000",
        "rating_key": "41",
        "session_key": "5",
        "utctime": utctime,
    }


def deliver(client: httpx.Client, hook: str, payload: Json | bytes) -> Json:
    """Posts as Plex does, in a form with a picture, or as JSON, and gives what was answered."""
    answer = post(client, hook, payload)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def post(client: httpx.Client, hook: str, payload: Json | bytes) -> httpx.Response:
    if isinstance(payload, bytes):
        return client.post(hook, content=payload, headers={"Content-Type": "text/plain"})
    if "Metadata" not in payload:
        return client.post(hook, json=payload)
    thumb = ("thumb.jpg", PICTURE, "image/jpeg")
    form: Any = {"payload": (None, json.dumps(payload), "application/json"), "thumb": thumb}
    return client.post(hook, files=form)
