"""Deliveries as each kind of server makes them, whole and right, for tests to change."""

import json
from typing import Any

from domain.references import Reference
from infrastructure.sources.bodies import read_body
from infrastructure.sources.heard import Delivery, Heard, Listed, NotUnderstood, Removed, Said
from infrastructure.sources.kinds import hear, kind_of

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"
_BOUNDARY = "------------------------7f3a2c9d41e05b86"
FORM = f"multipart/form-data; boundary={_BOUNDARY}"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"


def form(name: str, content: bytes, *, picture: bytes | None = None) -> Delivery:
    """A form with a part, and perhaps a picture after it."""
    parts = [(f'name="{name}"', "application/json", content)]
    if picture is not None:
        parts.append(('name="thumb"; filename="thumb.jpg"', "image/jpeg", picture))
    body = b"".join(
        b"--%b\r\nContent-Disposition: form-data; %b\r\nContent-Type: %b\r\n\r\n%b\r\n"
        % (_BOUNDARY.encode(), named.encode(), type_.encode(), each)
        for named, type_, each in parts
    )
    return Delivery(FORM, body + b"--%b--\r\n" % _BOUNDARY.encode())


def as_json(value: Any, content_type: str = JSON) -> Delivery:
    return Delivery(content_type, json.dumps(value).encode())


def told(kind: str, value: Any) -> Heard:
    """What is heard of a body, as that kind of server would send it."""
    if kind == "plex":
        return hear(kind, form("payload", json.dumps(value).encode()))
    return hear(kind, as_json(value, PLAIN if kind == "jellyfin" else JSON))


def said(heard: Heard) -> Said:
    """The one thing that was said of watching."""
    assert heard.why_ignored is None
    (only,) = heard.things
    assert isinstance(only, Said)
    return only


def reference(heard: Heard) -> Reference:
    (only,) = heard.things
    assert isinstance(only, Said | Listed | Removed)
    return only.reference


PLEX_SERVER = "0c1f6a7be2d94d3f"
PLEX_FILM: dict[str, Any] = {
    "type": "movie",
    "ratingKey": "1500",
    "key": "/library/metadata/1500",
    "guid": "plex://movie/5d776830880197001ec90e69",
    "title": "Metropolis",
    "year": 1927,
    "duration": 9_180_000,
    "viewOffset": 1_530_000,
    "librarySectionTitle": "Films",
    "librarySectionID": 1,
    "Guid": [{"id": "imdb://tt0017136"}, {"id": "tmdb://19"}, {"id": "tvdb://170"}],
}
PLEX_EPISODE: dict[str, Any] = {
    "type": "episode",
    "ratingKey": "3012",
    "parentRatingKey": "3001",
    "grandparentRatingKey": "3000",
    "guid": "plex://episode/5d9c0f5d2df347001e3b0f0b",
    "grandparentGuid": "plex://show/5d9c08254eefaa001f5d6dcb",
    "grandparentTitle": "The Prisoner",
    "title": "Free for All",
    "index": 4,
    "parentIndex": 1,
    "year": 1967,
    "duration": 3_000_000,
    "viewOffset": 600_000,
    "librarySectionTitle": "Television",
    "Guid": [{"id": "imdb://tt0679185"}, {"id": "tvdb://304585"}],
}


def plex(event: str = "media.pause", about: Any = PLEX_FILM, **changed: Any) -> dict[str, Any]:
    """A payload of Plex's; `changed` are fields of its Metadata, None to leave one out."""
    if isinstance(about, dict):
        about = {k: v for k, v in {**about, **changed}.items() if v is not None}
    return {
        "event": event,
        "user": True,
        "owner": True,
        "Account": {"id": 1, "title": "ann"},
        "Server": {"title": "attic", "uuid": PLEX_SERVER},
        "Player": {"local": True, "title": "Big screen", "uuid": "9hn2yq7w3kd0"},
        "Metadata": about,
    }


JELLYFIN_SERVER = "d5c1a7f0b2e34c6f9a8b7c6d5e4f3a2b"
_JELLYFIN_USER = {
    "NotificationUsername": "ann",
    "UserId": "b0a1c2d3e4f54a5b8c9d0e1f2a3b4c5d",
    "DeviceId": "TW96aWxsYQ",
    "DeviceName": "Big screen",
    "ClientName": "Jellyfin Web",
}
JELLYFIN_FILM: dict[str, Any] = {
    "ItemId": "f1f1f1f1f1f14a5b8c9d0e1f2a3b4c13",
    "ItemType": "Movie",
    "Name": "Metropolis",
    "Year": 1927,
    "RunTimeTicks": 91_800_000_000,
    "PlaybackPositionTicks": 15_300_000_000,
    "Provider_imdb": "tt0017136",
    "Provider_tmdb": "19",
    "Provider_tmdbcollection": "86055",
}
JELLYFIN_EPISODE: dict[str, Any] = {
    "ItemId": "e0e0e0e0e0e04a5b8c9d0e1f2a3b4c12",
    "ItemType": "Episode",
    "Name": "Free for All",
    "SeriesName": "The Prisoner",
    "SeriesId": "5e1f5e1f5e1f4a5b8c9d0e1f2a3b4c01",
    "SeasonId": "5ea505ea505e4a5b8c9d0e1f2a3b4c02",
    "SeasonNumber": 1,
    "EpisodeNumber": 4,
    "Year": 1967,
    "RunTimeTicks": 30_000_000_000,
    "PlaybackPositionTicks": 6_000_000_000,
    "Provider_tvdb": "304585",
}


def jellyfin(
    event: str = "PlaybackProgress", about: dict[str, Any] = JELLYFIN_FILM, **changed: Any
) -> dict[str, Any]:
    """What the official plugin sends as all properties; None leaves one out."""
    value = {
        "ServerId": JELLYFIN_SERVER,
        "ServerName": "attic",
        "NotificationType": event,
        "UtcTimestamp": "2026-03-02T19:15:00.1234567Z",
        "IsPaused": False,
        "IsAutomated": True,
        **_JELLYFIN_USER,
        **about,
        **changed,
    }
    return {name: each for name, each in value.items() if each is not None}


JELLYFIN_TEMPLATE: dict[str, Any] = {
    "NotificationType": "PlaybackStop",
    "ServerId": "d5c1a7f0-b2e3-4c6f-9a8b-7c6d5e4f3a2b",
    "ItemType": "Episode",
    "ItemId": "e0e0e0e0-e0e0-4a5b-8c9d-0e1f2a3b4c12",
    "SeriesId": "5e1f5e1f-5e1f-4a5b-8c9d-0e1f2a3b4c01",
    "Name": "Free for All",
    "SeriesName": "The Prisoner",
    "SeasonNumber": "1",
    "EpisodeNumber": "4",
    "EpisodeNumberEnd": "",
    "Year": "1967",
    "Provider_imdb": "",
    "Provider_tvdb": "304585",
    "UserId": "b0a1c2d3-e4f5-4a5b-8c9d-0e1f2a3b4c5d",
    "NotificationUsername": "ann",
    "DeviceId": "TW96aWxsYQ",
    "DeviceName": "Big screen",
    "PlaybackPositionTicks": "6000000000",
    "RunTimeTicks": "30000000000",
    "PlayedToCompletion": "False",
    "IsPaused": "True",
    "UtcTimestamp": "03/02/2026 19:15:00",
}

_EMBY_USER = {"Name": "ann", "Id": "e6a9dd89fd954d689870e7e0e3e72947"}
EMBY_SERVER = "f40a5bd0c6b64051bdbed00580fa1118"
EMBY_EPISODE: dict[str, Any] = {
    "Id": "240252",
    "Type": "Episode",
    "Name": "Free for All",
    "ProductionYear": 1967,
    "SeriesName": "The Prisoner",
    "SeriesId": "240202",
    "ParentIndexNumber": 1,
    "IndexNumber": 4,
    "RunTimeTicks": 30_000_000_000,
    "ProviderIds": {"Tvdb": "304585", "Imdb": "tt0679185"},
}
EMBY_SERIES: dict[str, Any] = {
    "Id": "240202",
    "Type": "Series",
    "Name": "The Prisoner",
    "ProductionYear": 1967,
    "IsFolder": True,
    "ProviderIds": {"Tvdb": "74805"},
}
EMBY_SEASON: dict[str, Any] = {
    "Id": "240203",
    "Type": "Season",
    "Name": "Season 1",
    "IndexNumber": 1,
    "SeriesName": "The Prisoner",
    "SeriesId": "240202",
    "IsFolder": True,
}


def emby(event: str = "playback.pause", item: Any = EMBY_EPISODE, **info: Any) -> dict[str, Any]:
    """What Emby sends; `info` are fields of PlaybackInfo."""
    value = {
        "Title": "ann on attic",
        "Date": "2026-03-02T19:15:00.5200050Z",
        "Event": event,
        "User": _EMBY_USER,
        "Item": item,
        "Server": {"Name": "attic", "Id": EMBY_SERVER, "Version": "4.9.1.90"},
    }
    if not event.startswith("playback."):
        return value
    on = {"DeviceId": "30239450-1748", "DeviceName": "den", "Client": "Emby Theater"}
    return {**value, "Session": on, "PlaybackInfo": {"PositionTicks": 6_000_000_000, **info}}


def jellyfin_webhooks(event: str = "Pause", **changed: Any) -> dict[str, Any]:
    """What the other plugin sends in its own format."""
    return {
        "Event": event,
        "Item": {
            **EMBY_EPISODE,
            "Id": JELLYFIN_EPISODE["ItemId"],
            "SeriesId": JELLYFIN_EPISODE["SeriesId"],
        },
        "Series": {**EMBY_SERIES, "Id": JELLYFIN_EPISODE["SeriesId"]},
        "User": {"Name": "ann", "Id": _JELLYFIN_USER["UserId"]},
        "Session": {
            "Id": "5e55105e5510",
            "Client": "Jellyfin Web",
            "DeviceId": "TW96aWxsYQ",
            "DeviceName": "Big screen",
            "PlayState": {"PositionTicks": 6_000_000_000, "IsPaused": False},
        },
        "Server": {"Id": JELLYFIN_SERVER, "Name": "attic", "Version": "10.10.0"},
        **changed,
    }


def jellyfin_in_plex_shape(event: str = "media.scrobble", **changed: Any) -> dict[str, Any]:
    """What the other plugin sends in Plex's shape."""
    return {
        "event": event,
        "user": True,
        "owner": False,
        "Account": {"id": _JELLYFIN_USER["UserId"], "title": "ann"},
        "Server": {"title": "attic", "uuid": JELLYFIN_SERVER},
        "Player": {"local": True, "title": "Big screen", "uuid": "5e55105e5510"},
        "Metadata": {
            "librarySectionType": "show",
            "guid": "com.plexapp.agents.thetvdb://74805/1/4?lang=en",
            "title": "Free for All",
            "type": "episode",
            "parentTitle": "Season 1",
            "grandparentTitle": "The Prisoner",
            "year": 1967,
            "duration": 30_000_000,
            **changed,
        },
    }


def tautulli(action: str = "pause", **changed: Any) -> dict[str, Any]:
    """What comes of the template."""
    return {
        "action": action,
        "user_id": "1",
        "username": "ann",
        "machine_id": "9hn2yq7w3kd0",
        "player": "Big screen",
        "product": "Plex for Android (TV)",
        "server_machine_id": PLEX_SERVER,
        "library_name": "Television",
        "media_type": "episode",
        "live": "0",
        "title": "The Prisoner - Free for All",
        "show_name": "The Prisoner",
        "episode_name": "Free for All",
        "season_num": "1",
        "episode_num": "4",
        "year": "1967",
        "show_year": "1967",
        "imdb_id": "tt0679185",
        "thetvdb_id": "304585",
        "themoviedb_id": "",
        "guid": "plex://episode/5d9c0f5d2df347001e3b0f0b",
        "rating_key": "3012",
        "parent_rating_key": "3001",
        "grandparent_rating_key": "3000",
        "view_offset": "600000",
        "duration_ms": "3000000",
        "session_key": "41",
        "session_id": "a1",
        "utctime": "2026-03-02T19:15:00Z",
        **changed,
    }


KODI_EPISODE: dict[str, Any] = {
    "episodeid": 7,
    "title": "Free for All",
    "showtitle": "The Prisoner",
    "season": 1,
    "episode": 4,
    "tvshowid": 2,
    "runtime": 3000,
    "uniqueid": {"tvdb": "304585", "unknown": "99"},
}
KODI_PROPERTIES: dict[str, Any] = {
    "time": {"hours": 0, "minutes": 10, "seconds": 0, "milliseconds": 500},
    "totaltime": {"hours": 0, "minutes": 50, "seconds": 0, "milliseconds": 0},
    "speed": 1,
}


def kodi(method: str = "Player.OnPause", data: Any = None, **added: Any) -> dict[str, Any]:
    """A notification of Kodi's, with what an add-on adds to it."""
    about = {"item": {"id": 7, "type": "episode"}, "player": {"playerid": 1, "speed": 0}}
    params = {"sender": "xbmc", "data": about if data is None else data}
    return {"jsonrpc": "2.0", "method": method, "params": params, **added}


def looks_like(delivery: Delivery) -> str | None:
    """The kind of server that sends such; None if none does."""
    try:
        return kind_of(read_body(delivery))
    except NotUnderstood:
        return None
