"""A person's evening by pytrakt, run with that library alone; prints what it is told as JSON.

The address comes as an argument. The code to approve is printed first, on a line of its own.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from trakt import core

core.BASE_URL = sys.argv[1] + "/"
core.CLIENT_ID, core.CLIENT_SECRET = "pytrakt", "secret"
core.CONFIG_PATH = str(Path(mkdtemp()) / "pytrakt.json")


def authorize() -> None:
    from trakt.auth.device import DeviceAuthAdapter  # noqa: PLC0415  # reads the settings above
    from trakt.errors import BadRequestException  # noqa: PLC0415

    adapter = DeviceAuthAdapter(core.api(), core.config())
    code = adapter.get_device_code()
    while True:
        time.sleep(code["interval"])
        try:
            adapter.get_device_token(code["device_code"])
        except BadRequestException:
            continue
        return


def main() -> None:
    authorize()
    from trakt import sync  # noqa: PLC0415
    from trakt.movies import Movie  # noqa: PLC0415
    from trakt.tv import TVEpisode, TVShow  # noqa: PLC0415
    from trakt.users import User  # noqa: PLC0415

    show = TVShow("Sherlock", year=2010, slug="sherlock-2010")
    told: dict[str, Any] = {"show": show.trakt, "seasons": [each.season for each in show.seasons]}
    episode = TVEpisode("sherlock-2010", 1, 2)
    scrobbler = episode.scrobble(10.0, "1.0", "2026-01-01")
    scrobbler.update(50.0)
    scrobbler.pause()
    told["playback"] = [each.progress for each in sync.get_playback("episodes")]
    scrobbler.finish()
    told["watched"] = [each.title for each in User("me").watched_shows]
    [film, *_] = sync.search_by_id("tt0041959", "imdb", media_type="movie")
    assert isinstance(film, Movie)
    told["added"] = sync.add_to_history(film)
    told["movies"] = [each.title for each in User("me").watched_movies]
    told["removed"] = sync.remove_from_history(film)
    told["left"] = [each.title for each in User("me").watched_movies]
    told["completed"] = show.watched_progress()["completed"]
    print(json.dumps(told, default=str))


main()
