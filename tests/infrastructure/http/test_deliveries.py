"""What media servers tell: who is heard, what is recorded, held or failed, and tried again."""

from itertools import pairwise
from operator import itemgetter
from typing import Any

import pytest
from sqlalchemy import text

from infrastructure.database.engine import read_transaction, write_transaction
from tests.helpers.api import Api, problem
from tests.helpers.media_servers import (
    PICTURE,
    PLEX_EPISODE,
    PLEX_FILM,
    Json,
    deliver,
    jellyfin,
    now,
    of_account,
    plex,
    post,
)

TV = "plex.1.tv-1"
SOURCE = "/v1/sources/plex"
BEN_PLAYS = of_account(plex("media.pause", offset_seconds=900), 2, "Ben")


def hooked(api: Api, **fields: Any) -> str:
    """The address of a Plex server, of whose accounts one is Ada's."""
    body = {"kind": "plex", "accounts": {"1": "ada"}, **fields}
    return str(api.admin.put(SOURCE, json=body).json()["hook"])


def deliveries(api: Api, status: str | None = None) -> list[Json]:
    params = {} if status is None else {"status": status}
    found: list[Json] = api.admin.get(f"{SOURCE}/deliveries", params=params).json()["items"]
    return found


def history(api: Api, **asked: Any) -> list[Json]:
    position = api.services.ledger.head().position
    answer = api.admin.get("/v1/history", params={"after": position, "order": "oldest", **asked})
    events: list[Json] = answer.json()["events"]
    return events


def answer_of(api: Api, path: str, cduid: str = TV) -> Json:
    after = {"after": api.services.ledger.head().position}
    found: Json = api.admin.get(f"/v1/device-users/{cduid}/{path}", params=after).json()
    return found


def test_a_viewing_on_plex_is_one_play_of_a_film_that_nobody_imported(api: Api) -> None:
    hook = hooked(api)
    told = [
        plex("media.play", offset_seconds=0),
        plex("media.pause", offset_seconds=1_800),
        plex("media.resume", offset_seconds=1_800),
        plex("media.scrobble", offset_seconds=5_100),
        plex("media.stop", offset_seconds=5_400),
    ]
    assert [deliver(api.nobody, hook, each)["status"] for each in told] == ["taken"] * 5
    [play] = answer_of(api, "plays")["plays"]
    item = answer_of(api, f"items/{play['item']}")
    assert (item["title"], item["watched"], item["plays"]) == ("Nosferatu", True, 1)
    types = [each["type"] for each in sorted(history(api, cduid=TV), key=itemgetter("position"))]
    assert types == ["device_user_registered", *["progress"] * 3, "watch", "progress"]
    shelf = answer_of(api, "items")["items"][0]
    assert (shelf["item"], shelf["title"]) == ("movie_shelf:plex", "plex")


def test_the_device_has_the_names_that_the_server_gave_and_no_token(api: Api) -> None:
    deliver(api.nobody, hooked(api, isolation_mode="quiet"), plex("media.play", offset_seconds=0))
    after = {"after": api.services.ledger.head().position}
    [known] = api.admin.get("/v1/device-users", params=after).json()["items"]
    assert (known["cduid"], known["user"], known["device"]) == (TV, "ada", "plex.tv-1")
    assert known["reported_name"] == "Living room"
    assert known["isolation_mode"] == "quiet"
    assert known["has_token"] is False


def test_the_same_again_tells_nothing_new(api: Api) -> None:
    hook = hooked(api)
    scrobble = plex("media.scrobble")
    first = deliver(api.nobody, hook, scrobble)
    again = deliver(api.nobody, hook, scrobble)
    assert (first["status"], again["status"]) == ("taken", "unchanged")
    assert again["positions"] == first["positions"]
    assert len(answer_of(api, "plays")["plays"]) == 1
    newest, oldest = deliveries(api)
    assert (newest["status"], oldest["status"]) == ("unchanged", "taken")
    assert oldest["positions"] == first["positions"]
    assert (oldest["event"], oldest["account"], oldest["user"]) == ("media.scrobble", "1", "ada")


def test_what_says_no_time_is_another_viewing_in_another_hour(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, activity = hooked(api), api.services.activity
    hour_us, now_us = 3600 * 1_000_000, activity.clock_us()
    edge_us = now_us - now_us % hour_us
    times = [edge_us - 60_000_000, edge_us + 60_000_000, edge_us + 5 * hour_us]
    found = []
    for time_us in times:
        monkeypatch.setattr(activity, "clock_us", lambda time_us=time_us: time_us)
        found.append(deliver(api.nobody, hook, plex("media.scrobble"))["status"])
        _recorded_at(api, time_us)
    assert found == ["taken", "unchanged", "taken"]


def _recorded_at(api: Api, time_us: int) -> None:
    """Has what was said last be recorded then, as if the ledger's own clock had shown it."""
    with write_transaction(api.services.engine) as connection:
        connection.execute(
            text(
                "UPDATE ledger_event SET recorded_at_us = :t WHERE position = "
                "(SELECT max(position) FROM ledger_event WHERE submission_id IS NOT NULL)"
            ),
            {"t": time_us},
        )


def test_two_hooks_for_one_viewing_are_one_play(api: Api) -> None:
    hook = hooked(api)
    body = {"kind": "jellyfin", "accounts": {"ada": "ada"}}
    other = api.admin.put("/v1/sources/jelly", json=body).json()["hook"]
    deliver(api.nobody, hook, plex("media.scrobble"))
    stopped = jellyfin(
        "PlaybackStop",
        at=now(seconds_ago=60),
        PlaybackPositionTicks=56_000_000_000,
        PlayedToCompletion=True,
    )
    assert deliver(api.nobody, other, stopped)["status"] == "taken"
    [play] = answer_of(api, "plays")["plays"]
    assert play["cduid"] == "jelly.a1b2.browser-9"


def test_what_is_nobodys_is_held_and_told_once_its_account_is_mapped(api: Api) -> None:
    hook = hooked(api)
    assert deliver(api.nobody, hook, BEN_PLAYS)["status"] == "held"
    assert deliver(api.nobody, hook, BEN_PLAYS)["status"] == "held"
    [held] = deliveries(api, "held")
    assert (held["account"], held["account_name"], held["tries"]) == ("2", "Ben", 2)
    assert "2 (Ben)" in held["reason"]
    assert held["user"] is None
    assert api.admin.get(SOURCE).json()["held"] == 1
    mapped = api.admin.put(SOURCE, json={"kind": "plex", "accounts": {"Ben": "ben"}}).json()
    assert (mapped["retried"], mapped["settled"]) == (1, 1)
    [taken] = deliveries(api)
    assert (taken["status"], taken["user"], taken["tries"]) == ("taken", "ben", 3)
    [progress] = history(api, cduid="plex.2.tv-1", type="progress")
    assert progress["occurred_at"][:19] == taken["arrived_at"][:19]
    assert deliver(api.nobody, hook, BEN_PLAYS)["status"] == "unchanged"
    shown = api.admin.get(SOURCE).json()
    assert shown["accounts"] == {"1": "ada", "2": "ben"}
    assert shown["account_names"] == {"2": "Ben"}


def test_a_mapping_of_one_account_leaves_the_others_held(api: Api) -> None:
    hook = hooked(api)
    deliver(api.nobody, hook, BEN_PLAYS)
    deliver(api.nobody, hook, of_account(BEN_PLAYS, 3, "Cleo"))
    api.admin.put(SOURCE, json={"kind": "plex", "accounts": {"3": "cleo"}})
    assert [each["account"] for each in deliveries(api, "held")] == ["2"]


def test_users_are_made_of_unknown_accounts_where_the_source_may(api: Api) -> None:
    hook = hooked(api, unknown_accounts="create")
    assert deliver(api.nobody, hook, BEN_PLAYS)["status"] == "taken"
    [taken] = deliveries(api)
    assert taken["user"] == "Ben"
    api.register("phone", user="cleo")
    cleo = of_account(plex("media.play", offset_seconds=0), 3, "Cleo")
    held = deliver(api.nobody, hook, cleo)
    assert held["status"] == "held"
    assert held["reason"] == (
        "A user cleo is there already; map the account if it is the same person."
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"Event": "playback.start", "Item": {"Name": "x"}, "User": {"Id": "1"}}', "Emby"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_cannot_be_understood_is_kept_with_the_reason(
    api: Api, payload: bytes, reason: str
) -> None:
    hook = hooked(api)
    assert deliver(api.nobody, hook, payload)["status"] == "failed"
    [failed] = deliveries(api, "failed")
    assert reason in failed["reason"]
    assert api.admin.get(SOURCE).json()["failed"] == 1


def test_what_failed_is_taken_once_what_was_missing_is_there(api: Api) -> None:
    hook = hooked(api, places=False)
    failed = deliver(api.nobody, hook, plex("media.scrobble"))
    assert failed["status"] == "failed"
    assert history(api, type="watch") == []
    [kept] = deliveries(api, "failed")
    assert kept["user"] == "ada"
    assert "Nosferatu" in kept["title"]
    api.place(
        {"item": "movie_shelf:m", "parent": None},
        {
            "item": "movie:n",
            "parent": "movie_shelf:m",
            "title": "Nosferatu",
            "external_ids": {"imdb": "tt0013442"},
        },
    )
    retry = f"{SOURCE}/deliveries/retry"
    none = api.admin.post(retry, json={"ids": [kept["id"] + 1]}).json()
    assert (none["tried"], none["settled"]) == (0, 0)
    tried = api.admin.post(retry, json={"ids": [kept["id"]]}).json()
    assert (tried["tried"], tried["settled"]) == (1, 1)
    [watch] = history(api, type="watch")
    assert watch["item"] == "movie:n"
    assert [watch["position"]] == deliveries(api)[0]["positions"]
    with read_transaction(api.services.engine) as connection:
        assert connection.execute(text("SELECT body FROM delivery")).scalars().all() == [None]


def test_what_may_be_two_films_is_held_until_somebody_says_which(api: Api) -> None:
    hook = hooked(api)
    film = {"parent": "movie_shelf:m", "title": "Nosferatu", "year": 1922}
    api.place({"item": "movie_shelf:m"}, *({"item": f"movie:{key}", **film} for key in "ab"))
    told = plex("media.scrobble", {**PLEX_FILM, "Guid": []})
    held = deliver(api.nobody, hook, told)
    assert held["status"] == "held"
    assert "movie:a, movie:b" in held["reason"]
    api.admin.post("/v1/catalog/links", json={"links": [{"item": "movie:a", "same_as": "movie:b"}]})
    retried = api.admin.post(f"{SOURCE}/deliveries/retry").json()
    assert (retried["tried"], retried["settled"]) == (1, 1)


def test_a_picture_is_not_kept(api: Api) -> None:
    deliver(api.nobody, hooked(api), BEN_PLAYS)
    with read_transaction(api.services.engine) as connection:
        [body] = connection.execute(text("SELECT body FROM delivery")).scalars()
    assert b"media.pause" in bytes(body)
    assert PICTURE not in bytes(body)


def test_an_episode_and_its_show_are_placed_on_the_librarys_shelf(api: Api) -> None:
    hook = hooked(api, shelves={"show": "show_shelf:series"})
    deliver(api.nobody, hook, plex("media.play", PLEX_EPISODE, offset_seconds=400))
    [entry] = answer_of(api, "next-up")["items"]
    assert entry["section"] == "in_progress"
    kinds = [each["kind"] for each in answer_of(api, "items")["items"]]
    assert kinds == ["show_shelf", "show", "season", "episode"]


def test_what_comes_to_the_library_is_placed_before_anybody_plays_it(api: Api) -> None:
    hook = hooked(api)
    assert deliver(api.nobody, hook, plex("library.new"))["status"] == "taken"
    assert deliver(api.nobody, hook, plex("library.new"))["status"] == "unchanged"
    placed = [each["details"]["title"] for each in history(api, type="item_placed")]
    assert placed == ["plex", "Nosferatu"]


def test_what_left_the_library_is_hidden_if_the_source_placed_it_and_comes_back(
    api: Api,
) -> None:
    body = {"kind": "jellyfin", "accounts": {"ada": "ada"}}
    other = api.admin.put("/v1/sources/jelly", json=body).json()["hook"]
    deliver(api.nobody, hooked(api), plex("library.new"))
    gone = jellyfin("ItemDeleted", at=now())
    assert deliver(api.nobody, other, gone)["status"] == "unchanged"
    api.admin.delete(SOURCE)
    hook = str(api.admin.put("/v1/sources/plex", json=body).json()["hook"])
    types = ("ItemDeleted", "ItemDeleted", "ItemAdded", "ItemAdded")
    told = [deliver(api.nobody, hook, jellyfin(each, at=now()))["status"] for each in types]
    assert told == ["taken", "unchanged", "taken", "unchanged"]


def test_what_is_no_film_and_no_series_is_ignored(api: Api) -> None:
    hook = hooked(api)
    song = plex("media.play", {**PLEX_FILM, "type": "track"})
    ignored = deliver(api.nobody, hook, song)
    assert ignored["status"] == "ignored"
    assert ignored["reason"]
    assert deliveries(api)[0]["status"] == "ignored"
    assert history(api, type="progress") == []


def test_deliveries_come_newest_first_a_page_at_a_time(api: Api) -> None:
    hook = hooked(api)
    for seconds in range(400, 405):
        deliver(api.nobody, hook, plex("media.pause", offset_seconds=seconds))
    deliver(api.nobody, hook, BEN_PLAYS)
    found: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = api.admin.get(f"{SOURCE}/deliveries", params=params).json()
        found += page["items"]
        cursor = page["next_cursor"]
    assert len(found) == 6
    assert all(one["arrived_at"] >= other["arrived_at"] for one, other in pairwise(found))
    refused = api.admin.get(f"{SOURCE}/deliveries", params={"cursor": "x"})
    assert problem(refused) == (400, "invalid_cursor")


def test_a_device_user_that_was_given_away_speaks_for_whom_it_is_given_to(api: Api) -> None:
    hook = hooked(api)
    deliver(api.nobody, hook, plex("media.play", offset_seconds=0))
    api.admin.post(f"/v1/device-users/{TV}/reassign", json={"user": "ben"})
    deliver(api.nobody, hook, plex("media.pause", offset_seconds=900))
    assert deliveries(api)[0]["user"] == "ben"


def test_erasing_a_user_takes_their_accounts_and_deliveries_along(api: Api) -> None:
    hook = hooked(api, accounts={"1": "ada", "2": "ben"})
    deliver(api.nobody, hook, plex("media.scrobble"))
    deliver(api.nobody, hook, BEN_PLAYS)
    api.admin.put(SOURCE, json={"kind": "plex", "places": False})
    unknown = {**PLEX_FILM, "title": "Vampyr", "Guid": [], "ratingKey": "99"}
    assert deliver(api.nobody, hook, plex("media.scrobble", unknown))["status"] == "failed"
    api.services.deliveries.flush()
    assert api.admin.delete("/v1/users/ada", params={"confirm": "ada"}).status_code == 200
    assert [each["user"] for each in deliveries(api)] == ["ben"]
    assert api.admin.get(SOURCE).json()["accounts"] == {"2": "ben"}
    for statement in ("SELECT state FROM ledger_event", "SELECT body FROM delivery"):
        with read_transaction(api.services.engine) as connection:
            rows = connection.execute(text(statement)).scalars()
            assert not [each for each in rows if each is not None and b"Ada" in bytes(each)]
    assert deliver(api.nobody, hook, plex("media.scrobble"))["status"] == "held"


def test_what_was_on_its_way_when_its_user_was_erased_is_not_kept(api: Api) -> None:
    hook = hooked(api)
    deliver(api.nobody, hook, plex("media.scrobble"))
    api.admin.delete("/v1/users/ada", params={"confirm": "ada"})
    assert deliveries(api) == []


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    answer = post(api.nobody, hooked(api), b"x" * (8 * 1024 * 1024 + 1))
    assert problem(answer) == (413, "body_too_large")


def test_a_ledger_that_cannot_be_written_has_the_server_send_again(api: Api) -> None:
    hook = hooked(api)
    deliver(api.nobody, hook, plex("media.play", offset_seconds=0))
    api.services.writer.close()
    answer = post(api.nobody, hook, plex("media.scrobble"))
    assert problem(answer) == (503, "ledger_closed")
    assert int(answer.headers["Retry-After"]) >= 1
    assert [each["event"] for each in deliveries(api)] == ["media.play"]
