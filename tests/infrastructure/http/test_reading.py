"""Viewers are shown items, what is watched, in progress, played, and what comes next."""

from contextlib import AbstractContextManager
from time import monotonic
from typing import Any

import httpx
import pytest

from domain.viewer import ItemAnswer, Viewer
from infrastructure.http.app import make_app
from infrastructure.querying.reader import Reader, Snapshot
from infrastructure.querying.session import StaleRead
from tests.helpers.api import Api, event, problem, send


class Device:
    """A device user that reads what it wrote."""

    def __init__(self, api: Api, cduid: str, **fields: Any) -> None:
        self.client = api.register(cduid, **fields)
        self._ledger = api.services.ledger
        self._path = f"/v1/device-users/{cduid}"

    def says(self, type_: str, *items: str, **fields: Any) -> int:
        """Sends an event on each item and gives the last position."""
        return int(send(self.client, *(event(i, type_, **fields) for i in items))[-1]["position"])

    def get(self, path: str, **params: Any) -> httpx.Response:
        asked = {"after": self._ledger.head().position, **params}
        return self.client.get(f"{self._path}{path}", params=asked)

    def read(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def paged(self, path: str, name: str, **params: Any) -> list[Any]:
        """All of a list, a page at a time."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.read(path, **params, **cursor)
            found += page[name]
            assert len(page[name]) <= params["limit"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture
def tv(api: Api) -> Device:
    return Device(api, "tv")


def names(listed: list[dict[str, Any]]) -> list[str]:
    return [each["item"] for each in listed]


def test_an_item_is_shown_as_the_viewer_sees_it(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    tv.says("watch", "episode:e1", occurred_at="2026-01-31T20:15:00Z")
    shown = tv.read("/items/episode:e1")
    assert shown.pop("number") < tv.read("/items/episode:e2")["number"]
    assert shown == {
        "item": "episode:e1",
        "kind": "episode",
        "parent": "season:s1",
        "index": 1,
        "title": "e1",
        "watched": True,
        "leaves": 1,
        "watched_leaves": 1,
        "in_progress": None,
        "plays": 1,
        "last_played_at": "2026-01-31T20:15:00Z",
        "work": [],
        "rewatch": None,
    }
    show = tv.read("/items/show:s")
    assert (show["watched"], show["leaves"], show["watched_leaves"]) == (False, 2, 1)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_position_beyond_the_end_of_the_ledger_is_not_waited_for(tv: Device) -> None:
    started = monotonic()
    answer = tv.get("/watched", after=10**18, wait_seconds=30)
    assert problem(answer) == (400, "invalid_parameter")
    assert [each["parameter"] for each in answer.json()["errors"]] == ["after"]
    assert monotonic() - started < 4


def test_a_call_that_others_overtake_again_is_answered_all_the_same(
    api: Api, tv: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second attempt takes no viewer that another request has put back meanwhile."""
    api.place_show("e1")
    tv.says("watch", "episode:e1")
    reader, of = api.services.reader, list[str | None]()
    snapshot, answer = reader.snapshot, Viewer.answer

    def noted(of_: str | None = None) -> AbstractContextManager[Snapshot]:
        of.append(of_)
        return snapshot(of_)

    def stale_where_kept(viewer: Viewer, item: str) -> ItemAnswer | None:
        if of[-1] is not None:
            raise StaleRead
        return answer(viewer, item)

    monkeypatch.setattr(Reader, "snapshot", lambda _, of_=None: noted(of_))
    monkeypatch.setattr(Viewer, "answer", stale_where_kept)
    assert tv.read("/items/episode:e1")["watched"]
    assert of[-2:] == ["tv", None]


def test_a_call_that_was_overtaken_is_done_again(
    api: Api, tv: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.place_show("e1")
    tv.says("watch", "episode:e1")
    answer, asked = Viewer.answer, list[str]()

    def overtaken_once(viewer: Viewer, item: str) -> ItemAnswer | None:
        asked.append(item)
        if len(asked) == 1:
            raise StaleRead
        return answer(viewer, item)

    monkeypatch.setattr(Viewer, "answer", overtaken_once)
    assert tv.read("/items/episode:e1")["watched"]
    assert asked == ["episode:e1", "episode:e1"]


def test_a_season_watched_episode_by_episode_collapses(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    tv.says("watch", "episode:e1")
    assert names(tv.read("/watched")["rows"]) == ["episode:e1"]
    tv.says("watch", "episode:e2")
    assert names(tv.read("/watched")["rows"]) == ["show_shelf:tv"]


def test_a_new_episode_is_not_born_watched(api: Api, tv: Device) -> None:
    api.place_show("e1")
    tv.says("watch", "episode:e1")
    before = tv.read("/watched")["rows"]
    api.place({"item": "episode:e2", "parent": "season:s1", "index": 2})
    assert tv.read("/watched")["rows"] == before
    assert tv.read("/items/episode:e2")["watched"] is False
    assert tv.read("/items/show:s")["watched"] is False


def test_the_children_of_a_parent_come_in_order(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2", "e3")
    tv.says("watch", "episode:e2")
    listed = tv.read("/items", parent="season:s1")["items"]
    assert names(listed) == ["episode:e1", "episode:e2", "episode:e3"]
    unwatched = tv.read("/items", parent="season:s1", watched="false")["items"]
    assert names(unwatched) == ["episode:e1", "episode:e3"]


def test_everything_is_listed_parents_first_a_page_at_a_time(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    api.place_movies("a")
    everything = names(tv.paged("/items", "items", limit=3))
    assert everything == [
        "movie_shelf:m",
        "movie:a",
        "show_shelf:tv",
        "show:s",
        "season:s1",
        "episode:e1",
        "episode:e2",
    ]
    assert names(tv.paged("/items", "items", limit=1, kind="episode")) == everything[-2:]


def test_hidden_items_are_in_no_list_and_no_count(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    tv.says("watch", "episode:e1")
    api.admin.delete("/v1/catalog/items/episode:e2")
    assert tv.read("/items/show:s")["watched"] is True
    assert names(tv.read("/items", parent="season:s1")["items"]) == ["episode:e1"]
    assert problem(tv.get("/items/episode:e2")) == (404, "unknown_item")


def test_lists_of_the_past_keep_hidden_items(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    tv.says("watch", "episode:e1")
    api.admin.delete("/v1/catalog/items/episode:e1")
    assert names(tv.read("/plays")["plays"]) == ["episode:e1"]
    assert names(tv.read("/plays", item="episode:e1")["plays"]) == ["episode:e1"]
    assert problem(tv.get("/plays", item="episode:x")) == (404, "unknown_item")


def test_what_is_in_progress_comes_newest_first(api: Api, tv: Device) -> None:
    api.place_movies("a", "b", "c")
    for movie in ("a", "b", "c"):
        tv.says("progress", f"movie:{movie}", played_seconds=50, duration_seconds=100)
    tv.says("watch", "movie:b")
    listed = tv.paged("/in-progress", "items", limit=1)
    assert names(listed) == ["movie:c", "movie:a"]
    progress = listed[0]["in_progress"]
    assert (progress["played_seconds"], progress["cduid"]) == (50, "tv")


def test_plays_come_newest_first_of_an_item_or_of_all_under_it(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    for hour, item in ((1, "e1"), (3, "e2"), (5, "e1")):
        tv.says("watch", f"episode:{item}", occurred_at=f"2026-01-31T0{hour}:00:00Z")
    plays = tv.paged("/plays", "plays", limit=2)
    assert [(play["item"], play["at"]) for play in plays] == [
        ("episode:e1", "2026-01-31T05:00:00Z"),
        ("episode:e2", "2026-01-31T03:00:00Z"),
        ("episode:e1", "2026-01-31T01:00:00Z"),
    ]
    assert tv.read("/plays", item="show:s")["plays"] == plays
    assert len(tv.read("/plays", item="episode:e1")["plays"]) == 2


def test_what_comes_next_is_told_by_section(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    api.place_movies("a", "b")
    tv.says("progress", "movie:a", played_seconds=50, duration_seconds=100)
    tv.says("watch", "episode:e1")
    everything = tv.paged("/next-up", "items", limit=1)
    assert [(each["section"], each["item"]) for each in everything] == [
        ("in_progress", "movie:a"),
        ("next_episode", "episode:e2"),
        ("unwatched_movie", "movie:b"),
    ]
    assert everything[1]["anchor"] == "episode:e1"
    assert [step["title"] for step in everything[1]["titles"]] == ["e2", "Season 1", "The Show"]
    movies = tv.read("/next-up", section="unwatched_movie")["items"]
    assert names(movies) == ["movie:b"]


def test_why_names_the_event_that_decides_and_those_it_overruled(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    phone = Device(api, "phone")
    watched = tv.says("watch", "show:s")
    unwatched = phone.says("unwatch", "episode:e1")
    why = tv.read("/items/episode:e1/why")
    assert why["watched"] is False
    decider, [overruled] = why["decider"], why["overruled"]
    assert (decider["position"], decider["cduid"], decider["type"]) == (
        unwatched,
        "phone",
        "unwatch",
    )
    assert (overruled["position"], overruled["item"]) == (watched, "show:s")
    show = tv.read("/items/show:s/why")
    assert (show["missing"], show["anchor"]["item"]) == (["episode:e1"], "episode:e2")
    assert show["anchor"]["event"]["position"] == watched
    assert problem(tv.get("/items/episode:x/why")) == (404, "unknown_item")


def test_answers_are_had_as_of_an_earlier_position_or_time(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    first = tv.says("watch", "episode:e1")
    tv.says("watch", "episode:e2")
    then = tv.read("/watched", as_of=first)
    assert (names(then["rows"]), then["position"]) == (["episode:e1"], first)
    long_ago = tv.read("/items", as_of="2000-01-01T00:00:00Z")
    assert (long_ago["items"], long_ago["position"]) == ([], 0)
    at = tv.read("/history", type="watch")["events"][-1]["recorded_at"]
    assert names(tv.read("/watched", as_of=at)["rows"]) == ["episode:e1"]


def test_a_limited_user_sees_and_counts_only_what_it_may(api: Api) -> None:
    kid = Device(api, "kid", user="kid")
    api.place_movies("a")
    api.place({"item": "movie:gore", "parent": "movie_shelf:m", "tags": ["gore"]})
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["gore"]}
    api.admin.put("/v1/users/kid/access", json=limits)
    kid.says("watch", "movie:a", "movie:gore")
    assert problem(kid.get("/items/movie:gore")) == (404, "unknown_item")
    assert problem(kid.get("/history", item="movie:gore")) == (404, "unknown_item")
    assert names(kid.read("/history", type="watch")["events"]) == ["movie:a"]
    assert names(kid.read("/plays")["plays"]) == ["movie:a"]
    shelf = kid.read("/items/movie_shelf:m")
    assert (shelf["leaves"], shelf["watched_leaves"], shelf["watched"]) == (1, 1, True)


def test_a_withheld_item_is_answered_as_one_that_is_not_there(api: Api) -> None:
    kid = Device(api, "kid", user="kid")
    api.place_show("e1")
    api.place_movies("a")
    api.place(
        {"item": "show:gore", "parent": "show_shelf:tv", "tags": ["gore"]},
        {"item": "season:gore", "parent": "show:gore"},
        {"item": "episode:gore", "parent": "season:gore"},
    )
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["gore"]}
    api.admin.put("/v1/users/kid/access", json=limits)
    withheld, unknown = "episode:gore", "episode:none"
    sent = send(kid.client, *(event(item) for item in (withheld, unknown, "movie:a")))
    assert [result.get("warning") for result in sent] == ["unknown_item", "unknown_item", None]
    for group in (False, True):
        assert names(kid.read("/history", type="watch", group=group)["events"]) == ["movie:a"]
    for kind, path, params in (
        ("episode", "/history", {"item": "{}"}),
        ("show", "/history", {"item": "{}"}),
        ("season", "/history", {"item": "{}", "group": True}),
        ("episode", "/plays", {"item": "{}"}),
        ("show", "/plays", {"item": "{}"}),
        ("show", "/items", {"parent": "{}"}),
        ("episode", "/items/{}", {}),
        ("season", "/items/{}", {}),
        ("episode", "/items/{}/why", {}),
        ("show", "/items/{}/why", {}),
    ):
        answers = []
        for key in ("gore", "none"):
            item = f"{kind}:{key}"
            filled = {name: str(value).format(item) for name, value in params.items()}
            answer = kid.get(path.format(item), **filled)
            status, code = problem(answer)
            assert status in {400, 404}, path
            answers.append((status, code, answer.json()["detail"].replace(item, "ITEM")))
        assert answers[0] == answers[1], (kind, path)
    hidden = kid.says("watch", "movie:a")
    api.admin.delete("/v1/catalog/items/movie:a")
    assert kid.read("/history", item="movie:a")["events"][0]["position"] == hidden


def test_without_limits_what_the_catalog_never_had_stays_in_the_history(
    api: Api, tv: Device
) -> None:
    said = tv.says("watch", "movie:unknown")
    for params in ({}, {"item": "movie:unknown"}):
        found = tv.read("/history", type="watch", **params)["events"]
        assert [each["position"] for each in found] == [said]
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["gore"]}
    api.admin.put("/v1/users/ann/access", json=limits)
    assert tv.read("/history", type="watch")["events"] == []
    admins = api.admin.get("/v1/history", params={"item": "movie:unknown"}).json()["events"]
    assert [each["position"] for each in admins] == [said]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_position_that_is_not_projected_yet_is_waited_for_in_vain(api: Api, tv: Device) -> None:
    assert api.services.projector is not None
    api.services.projector.stop()
    tv.says("watch", "movie:a")
    started = monotonic()
    answer = tv.get("/watched", after=api.services.ledger.head().position, wait_seconds=0.1)
    assert problem(answer) == (503, "projection_behind")
    assert answer.headers["Retry-After"] == "1"
    assert 0.1 <= monotonic() - started < 4


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("/items", {"limit": 0}, "limit"),
        ("/items", {"limit": 1_001}, "limit"),
        ("/items", {"kind": "podcast"}, "kind"),
        ("/items", {"parent": "podcast:x"}, "parent"),
        ("/items", {"watched": "perhaps"}, "watched"),
        ("/items", {"after": -1}, "after"),
        ("/items", {"after": 10**30}, "after"),
        ("/items", {"wait_seconds": 31}, "wait_seconds"),
        ("/history", {"type": "skip"}, "type"),
        ("/history", {"order": "random"}, "order"),
        ("/history", {"since": "2026-01-31T00:00:00"}, "since"),
        ("/next-up", {"section": "later"}, "section"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(
    tv_of_module: httpx.Client, path: str, params: dict[str, Any], parameter: str
) -> None:
    answer = tv_of_module.get(f"/v1/device-users/tv{path}", params=params)
    assert problem(answer) == (400, "invalid_parameter")
    assert [fault["parameter"] for fault in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/history", "since"),
        ("/history", "until"),
        *((path, "as_of") for path in ("/watched", "/items", "/in-progress", "/plays")),
        *((path, "as_of") for path in ("/next-up", "/items/movie:a", "/items/movie:a/why")),
    ],
)
@pytest.mark.parametrize("text", ["now", "2026", "1.5", "-5000", "20260131", "2026-01-31T20:15Z"])
def test_bare_numbers_and_the_like_are_no_times(
    tv_of_module: httpx.Client, path: str, parameter: str, text: str
) -> None:
    answer = tv_of_module.get(f"/v1/device-users/tv{path}", params={parameter: text})
    assert problem(answer) == (400, "invalid_parameter")
    [fault] = answer.json()["errors"]
    assert fault["parameter"] == parameter
    assert "such as 2026-01-31" in fault["detail"]


def test_a_position_beyond_the_end_can_not_be_looked_back_to(tv: Device) -> None:
    newest = tv.says("watch", "movie:a")
    assert tv.read("/watched", as_of=newest)["position"] == newest
    answer = tv.get("/watched", as_of=newest + 1)
    assert problem(answer) == (400, "invalid_parameter")
    [fault] = answer.json()["errors"]
    assert (fault["parameter"], f"the newest being {newest}" in fault["detail"]) == ("as_of", True)
    assert problem(tv.get("/watched", as_of=10**50)) == (400, "invalid_parameter")


def test_a_position_that_is_looked_back_to_is_waited_for(tv: Device) -> None:
    for _ in range(5):
        newest = send(tv.client, event("movie:a"))[0]["position"]
        found = tv.client.get("/v1/device-users/tv/watched", params={"as_of": newest}).json()
        assert found["position"] == newest


def test_a_day_given_as_an_end_is_in_it(api: Api, tv: Device) -> None:
    api.place_movies("a")
    instants = ["2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z", "2026-01-31T23:59:59.999Z"]
    before, first, last, behind = (
        tv.says("watch", "movie:a", occurred_at=at) for at in (*instants, "2026-02-01T00:00:00Z")
    )

    def found(**params: Any) -> list[int]:
        events = tv.read("/history", type="watch", order="oldest", **params)["events"]
        return [each["position"] for each in events]

    assert found(since="2026-01-31") == [first, last, behind]
    assert found(until="2026-01-31") == [before, first, last]
    assert found(since="2026-01-31", until="2026-01-31") == [first, last]
    assert found(until="2026-01-31T00:00:00Z") == [before]
    today = tv.read("/history", type="watch")["events"][0]["recorded_at"][:10]
    assert tv.read("/watched", as_of=today)["position"] == behind
    assert tv.read("/watched", as_of="2026-01-31")["position"] == 0


def test_an_error_names_the_parameter_that_was_sent_and_nothing_else(shared_api: Api) -> None:
    tried = 0
    for path, methods in make_app(shared_api.services).openapi()["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                if "requestBody" in operation:
                    continue  # what is wrong with it would be told instead
                name, is_in_path = parameter["name"], parameter["in"] == "path"
                filled = {"cduid": "tv", "item": "movie:a", "user": "ann", "source": "plex"}
                filled.update({name: "*"} if is_in_path else {})
                wrong = {name: "*" * 2_001}
                needed = {
                    each["name"]: "ann"
                    for each in operation["parameters"]
                    if each["in"] == "query" and each.get("required")
                }
                answer = shared_api.admin.request(
                    method,
                    path.format(**filled),
                    params={**needed, **(wrong if parameter["in"] == "query" else {})},
                    headers=wrong if parameter["in"] == "header" else {},
                )
                assert problem(answer) == (400, "invalid_parameter"), (path, name)
                assert [each["parameter"] for each in answer.json()["errors"]] == [name], path
                tried += 1
    assert tried > 50


@pytest.mark.parametrize("path", ["/items", "/watched", "/in-progress", "/plays", "/history"])
@pytest.mark.parametrize("cursor", ["x", "é", "bm9uc2Vuc2U", "W10", "AAAA", "IioqIg"])
def test_a_cursor_that_was_never_given_out_is_refused(
    tv_of_module: httpx.Client, path: str, cursor: str
) -> None:
    answer = tv_of_module.get(f"/v1/device-users/tv{path}", params={"cursor": cursor})
    assert problem(answer) == (400, "invalid_cursor")


@pytest.fixture(scope="module")
def tv_of_module(shared_api: Api) -> httpx.Client:
    return shared_api.register("tv")
