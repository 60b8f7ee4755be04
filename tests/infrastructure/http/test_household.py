"""A household's evening: Plex, Tautulli and Jellyfin tell of the same viewings, each in its way."""

import pytest

from tests.helpers.api import Api
from tests.helpers.media_servers import (
    PLEX_EPISODE,
    Json,
    deliver,
    jellyfin,
    now,
    of_account,
    plex,
    tautulli,
)

ADA, BEN = ("1", "Ada", "a1b2"), ("2", "Ben", "c3d4")
FILM_SECONDS = 5_640
TICKS = 10_000_000


class Household:
    """Three servers that tell of the same two people."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.hooks = {}
        for kind in ("plex", "tautulli", "jellyfin"):
            accounts = {key: user for *keys, user in ((*ADA, "ada"), (*BEN, "ben")) for key in keys}
            body = {"kind": kind, "accounts": accounts}
            answer = api.admin.put(f"/v1/sources/{kind}", json=body)
            self.hooks[kind] = answer.json()["hook"]

    def tell(self, source: str, payload: Json) -> str:
        return str(deliver(self.api.nobody, self.hooks[source], payload)["status"])

    def film(self, event: str, played_seconds: float) -> None:
        """Ada's film on the television: Plex and Tautulli both hear of it from the same player."""
        self.tell("plex", plex(f"media.{event}", offset_seconds=played_seconds))
        action = {"scrobble": "watched"}.get(event, event)
        told = tautulli(action, offset_seconds=played_seconds, utctime=now())
        self.tell("tautulli", told)

    def same_film_on_jellyfin(
        self, event: str, played_seconds: float, *, seconds_ago: float = 0, **fields: object
    ) -> None:
        ticks, at = int(played_seconds * TICKS), now(seconds_ago=seconds_ago)
        told = jellyfin(f"Playback{event}", at=at, PlaybackPositionTicks=ticks, **fields)
        self.tell("jellyfin", told)

    def asked(self, path: str, **params: str) -> Json:
        position = str(self.api.services.ledger.head().position)
        answer = self.api.admin.get(path, params={"after": position, **params})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


@pytest.fixture
def household(api: Api) -> Household:
    return Household(api)


def test_what_three_servers_tell_is_one_play_and_history_says_who_said_what(
    household: Household,
) -> None:
    household.film("play", 0)
    household.same_film_on_jellyfin("Start", 0, seconds_ago=2_500)
    household.film("pause", 2_000)
    household.film("resume", 2_000)
    for second in range(2_400, 2_460):  # the official plugin tells each second
        ago = {"seconds_ago": 2_460 - second}
        household.same_film_on_jellyfin("Progress", second, IsPaused=False, **ago)
    household.film("scrobble", 5_100)
    household.film("stop", 5_400)
    household.same_film_on_jellyfin("Stop", 5_500, PlayedToCompletion=True)

    cduids = ["plex.1.tv-1", "tautulli.1.tv-1", "jellyfin.a1b2.browser-9"]
    answers = [household.asked(f"/v1/device-users/{cduid}/items") for cduid in cduids]
    films = [[each for each in found["items"] if each["kind"] == "movie"] for found in answers]
    assert films[0] == films[1] == films[2]
    [film] = films[0]
    assert (film["plays"], film["watched"], film["title"]) == (1, True, "Nosferatu")

    events = household.asked("/v1/history", user="ada", item=film["item"], limit="1000")["events"]
    by = {cduid: [each["type"] for each in events if each["cduid"] == cduid] for cduid in cduids}
    assert set(by) == {each["cduid"] for each in events if each["cduid"]}
    assert by["plex.1.tv-1"].count("watch") == 1
    assert by["tautulli.1.tv-1"].count("watch") == 1
    assert by["jellyfin.a1b2.browser-9"] == ["watch", "progress", "progress"]  # ticks tell little
    why = household.asked(f"/v1/device-users/{cduids[0]}/items/{film['item']}/why")
    assert [each["verdict"] for each in why["completions"]].count("opens") == 1


def test_two_people_at_one_television_keep_apart_what_they_watch(household: Household) -> None:
    household.film("scrobble", 5_100)
    household.tell("plex", of_account(plex("media.scrobble", PLEX_EPISODE), 2, "Ben"))
    for cduid, kind in (("plex.1.tv-1", "movie"), ("plex.2.tv-1", "episode")):
        watched = household.asked(f"/v1/device-users/{cduid}/items", watched="true")["items"]
        assert {each["kind"] for each in watched if each["leaves"] == 1} >= {kind}
        plays = household.asked(f"/v1/device-users/{cduid}/plays")["plays"]
        assert {each["item"].partition(":")[0] for each in plays} == {kind}
    known = household.asked("/v1/device-users")["items"]
    television = {each["cduid"] for each in known if each["device"] == "plex.tv-1"}
    assert television == {"plex.1.tv-1", "plex.2.tv-1"}


def test_the_same_evening_told_once_more_changes_nothing(household: Household) -> None:
    at, ticks = now(seconds_ago=60), 5_500 * TICKS
    stopped = jellyfin("PlaybackStop", at=at, PlaybackPositionTicks=ticks, PlayedToCompletion=True)
    watched = tautulli("watched", offset_seconds=5_100, utctime=at)
    told = [
        ("plex", plex("media.scrobble")),
        ("tautulli", watched),
        ("jellyfin", stopped),
        ("plex", plex("media.stop", offset_seconds=5_400)),
    ]
    assert [household.tell(*each) for each in told] == ["taken"] * 4
    before = household.asked("/v1/device-users/plex.1.tv-1/plays")["plays"]
    end = household.api.services.ledger.head()
    assert [household.tell(*each) for each in told] == ["unchanged"] * 4
    assert household.asked("/v1/device-users/plex.1.tv-1/plays")["plays"] == before
    assert household.api.services.ledger.head() == end
