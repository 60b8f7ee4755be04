"""What the demo's media servers post of a film that no library has listed."""

from datetime import UTC, datetime

from pydantic_core import to_json

from infrastructure.demo.stage import Json

FILM = "movie:imdb-tt0013442"
"""The item that is placed for it, by the best id that they tell."""
TITLE = "Nosferatu (1922)"

_SECONDS = 5_640
_BOUNDARY = "-----------------the-film-that-evening"


def plex_scrobble() -> tuple[str, bytes]:
    """A form with JSON in it, as Plex posts once a film is over: content type and body."""
    payload = {
        "event": "media.scrobble",
        "Account": {"id": 1, "title": "Ada"},
        "Server": {"title": "attic", "uuid": "attic-plex"},
        "Player": {"title": "Living room TV", "uuid": "tv"},
        "Metadata": {
            "type": "movie",
            "ratingKey": "41",
            "title": "Nosferatu",
            "year": 1922,
            "duration": _SECONDS * 1_000,
            "Guid": [{"id": "imdb://tt0013442"}, {"id": "tmdb://653"}],
        },
    }
    lines = (
        f"--{_BOUNDARY}",
        'Content-Disposition: form-data; name="payload"',
        "Content-Type: application/json",
        "",
        to_json(payload).decode(),
        f"--{_BOUNDARY}--",
        "",
    )
    body = "\r\n".join(lines).encode()
    return f"multipart/form-data; boundary={_BOUNDARY}", body


def jellyfin_stop() -> tuple[str, bytes]:
    """What Jellyfin's webhook plugin posts as plain text when a film was played to its end."""
    payload: Json = {
        "NotificationType": "PlaybackStop",
        "ServerId": "attic-jellyfin",
        "UtcTimestamp": datetime.now(UTC).isoformat(),
        "ItemId": "c0ffee",
        "ItemType": "Movie",
        "Name": "Nosferatu",
        "Year": 1922,
        "RunTimeTicks": _SECONDS * 10_000_000,
        "PlaybackPositionTicks": (_SECONDS - 60) * 10_000_000,
        "PlayedToCompletion": True,
        "Provider_imdb": "tt0013442",
        "UserId": "ada",
        "NotificationUsername": "ada",
        "DeviceId": "tv",
        "DeviceName": "Living room TV",
    }
    return "text/plain; charset=utf-8", to_json(payload)
