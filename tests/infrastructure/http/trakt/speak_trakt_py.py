"""A person's evening by trakt.py, run with that library alone; prints what it is told as JSON.

The address comes as an argument. The code to approve is printed first, on a line of its own.
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from trakt import Trakt

FILM = {"title": "The Third Man", "year": 1949, "ids": {"imdb": "tt0041959"}}
SHOW = {"title": "Sherlock", "year": 2010, "ids": {"imdb": "tt1475582"}}
EPISODE = {"season": 1, "number": 1}


def authorized() -> dict[str, Any]:
    code = Trakt["oauth/device"].code()
    print(code["user_code"], flush=True)
    while True:
        time.sleep(code["interval"])
        token = Trakt["oauth/device"].token(code["device_code"])
        if token:
            return dict(token)


def main(address: str) -> None:
    Trakt.base_url = address
    Trakt.configuration.defaults.client(id="trakt-py", secret="secret")
    with Trakt.configuration.oauth.from_response(authorized()):
        told: dict[str, Any] = {"name": Trakt["users/settings"].get()["user"]["username"]}
        played = {"show": SHOW, "episode": EPISODE}
        told["started"] = Trakt["scrobble"].start(progress=1.5, **played)["action"]
        told["paused"] = Trakt["scrobble"].pause(progress=41.25, **played)["action"]
        told["playback"] = [each.progress for each in Trakt["sync/playback"].episodes(flat=True)]
        told["stopped"] = Trakt["scrobble"].stop(progress=96.0, **played)["action"]
        then = datetime(2024, 3, 1, 19, 30, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        told["added"] = Trakt["sync/history"].add({"movies": [{**FILM, "watched_at": then}]})
        told["history"] = [
            each.pk[1] if isinstance(each.pk[0], str) else list(each.pk)
            for each in Trakt["sync/history"].get(pagination=True, per_page=1)
        ]
        told["watched"] = [
            [list(keys) for keys, _ in show.episodes()]
            for show in Trakt["sync/watched"].shows().values()
        ]
        told["removed"] = Trakt["sync/history"].remove({"movies": [FILM]})
        told["movies"] = list(Trakt["sync/watched"].movies())
        told["found"] = [each.title for each in Trakt["search"].query("The Third Man", "movie")]
    print(json.dumps(told, default=str))


main(sys.argv[1])
