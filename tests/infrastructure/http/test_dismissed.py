"""What a viewer put aside can be listed, and is back once more is said."""

from tests.helpers.api import Api, event, send
from tests.infrastructure.http.test_reading import Device


def test_what_is_dismissed_is_listed_newest_first_until_more_is_said(api: Api) -> None:
    tv = Device(api, "tv")
    api.place_show("e1", "e2")
    api.place_movies("a", "b")
    send(tv.client, event("movie:a", "dismiss"), event("episode:e1", "dismiss"))
    found = tv.read("/dismissed")["items"]
    assert [each["item"] for each in found] == ["episode:e1", "movie:a"]
    assert [title["item"].partition(":")[0] for title in found[0]["titles"]] == [
        "episode",
        "season",
        "show",
    ]
    assert tv.paged("/dismissed", "items", limit=1) == found
    movies = tv.read("/next-up", section="unwatched_movie")["items"]
    assert [each["item"] for each in movies] == ["movie:b"]
    send(tv.client, event("movie:a", "recall"), event("episode:e1", "watch"))
    assert tv.read("/dismissed")["items"] == []
