"""What happens in the demo: one evening, scene by scene, each showing something that must hold."""

from collections.abc import Iterable
from typing import Any, Self

from infrastructure.demo.media_servers import FILM, TITLE, jellyfin_stop, plex_scrobble
from infrastructure.demo.stage import Caller, Json, Stage, event, library
from infrastructure.demo.telling import Teller

EPISODE_SECONDS = 5_300.0
MOVIE_SECONDS = 7_000.0

_DEVICE_USERS = {
    "ada-tv": ("ada", "tv", "loud"),
    "ada-phone": ("ada", "phone", "loud"),
    "ben-tv": ("ben", "tv", "loud"),
    "ben-tablet": ("ben", "tablet", "silo"),
}
_DEVICES = {"tv": "Living room TV", "phone": "Ada's phone", "tablet": "Ben's tablet"}
_NEW_EPISODE: Json = {
    "item": "episode:sherlock-3-3",
    "parent": "season:sherlock-3",
    "index": 3,
    "title": "His Last Vow",
}


class Evening:
    """Two people, three devices, one ledger. `position` is the last that anybody wrote."""

    def __init__(self, stage: Stage, tell: Teller) -> None:
        self.tell = tell
        self.position = 0
        self.tokens: dict[str, str] = {}
        self._url = stage.url
        self._admin = Caller(stage.url, stage.admin_token)
        self._players: dict[str, Caller] = {}
        self._rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for caller in (self._admin, *self._players.values()):
            caller.close()

    def run(self) -> None:
        """All of it, in order."""
        self.fill_the_library()
        self.register()
        self.watch_a_season()
        self.watch_the_show()
        self.mark_a_whole_show()
        self.keep_apart()
        self.sync_late()
        self.watch_again()
        self.hear_servers()
        self.add_an_episode()
        self.sum_up()

    def fill_the_library(self) -> None:
        self.tell.scene("A library")
        items = library()
        answer = self._write("POST", "/catalog/items", {"items": items})
        self.tell.note(f"{len(items)} items placed; the catalog is at version {answer['version']}")

    def register(self) -> None:
        self.tell.scene("Two people, three devices")
        for cduid, (user, device, mode) in _DEVICE_USERS.items():
            about = {"user": user, "device": device, "display_name": _DEVICES[device]}
            answer = self._write("PUT", f"/device-users/{cduid}", {**about, "isolation_mode": mode})
            self.tokens[cduid] = answer["token"]
            self._players[cduid] = Caller(self._url, answer["token"])
            self.tell.note(f"{cduid}: {user.title()} on {_DEVICES[device]}, {mode}")

    def watch_a_season(self) -> None:
        self.tell.scene("Ada watches a series, one episode after the other")
        first = "episode:sherlock-1-1"
        self._progress("ada-tv", first, "18:40", 0.4)
        self._look("ada-tv", first)
        self._progress("ada-tv", first, "19:30", 0.97)
        self._show_rows()
        self.tell.note("Ben sits beside her, at the same TV, and sees none of it:")
        self._look("ben-tv", first)
        for number, clock in ((2, "19:40"), (3, "19:50")):
            self._watch("ada-tv", f"episode:sherlock-1-{number}", clock)
            self._show_rows()
        self.tell.note("three rows became one: the season stands for its episodes")

    def watch_the_show(self) -> None:
        self.tell.scene("She goes on, on TV and phone, up to the end of the show")
        for number in (1, 2, 3):
            self._watch("ada-phone", f"episode:sherlock-2-{number}", f"20:{number}0")
        self._show_rows()
        for number in (1, 2):
            self._watch("ada-tv", f"episode:sherlock-3-{number}", f"20:{number + 3}0")
        self._show_rows()
        self.tell.note("eight episodes on two devices, one row")

    def mark_a_whole_show(self) -> None:
        self.tell.scene("Chernobyl she saw years ago: she marks it as a whole")
        self._watch("ada-tv", "show:chernobyl", "21:00")
        self._show_rows()
        self._look("ada-tv", "show_shelf:series")

    def keep_apart(self) -> None:
        self.tell.scene("Ben keeps to himself")
        self._progress("ben-tablet", "streamable:arte", "21:05", 0.5)
        shown = self._read("ben-tablet", "in-progress")["items"]
        self.tell.note(f"live television keeps no place: {len(shown)} in progress")
        self._watch("ben-tablet", "movie:alien", "21:10")
        self._look("ben-tablet", "movie:alien")
        self.tell.note("his tablet is a silo, so on his TV:")
        self._look("ben-tv", "movie:alien")
        body = {"isolation_mode": "loud"}
        self._reach(self._players["ben-tablet"].call("PATCH", "/device-users/ben-tablet", body))
        self.tell.happens("21:20", "ben-tablet", "is loud from now on; on his TV, at once:")
        self._look("ben-tv", "movie:alien")

    def sync_late(self) -> None:
        self.tell.scene("Ada's phone was offline, and syncs late")
        movie = "movie:spirited-away"
        ticks = [
            self._tick(movie, clock, share)
            for clock, share in (("18:10", 0.1), ("18:20", 0.18), ("18:30", 0.25))
        ]
        self.tell.happens("18:10", "ada-phone", f"plays {self.tell.title(movie)} on the train")
        self._progress("ada-tv", movie, "22:40", 0.96)
        self._show_rows()
        self.tell.happens("22:50", "ada-phone", "is online again and sends what it kept")
        first = self._send("ada-phone", ticks)
        self.tell.note(f"recorded at positions {_positions(first)}, where they belong in time")
        self._look("ada-tv", movie)
        self._show_rows()
        self.tell.happens("22:51", "ada-phone", "got no answer, so it sends all of it again")
        again = self._send("ada-phone", ticks)
        statuses = ", ".join(sorted({each["status"] for each in again}))
        self.tell.note(f"{statuses}, at positions {_positions(again)}: nothing happened twice")

    def watch_again(self) -> None:
        self.tell.scene("She starts something again that she has seen")
        self._progress("ada-tv", "episode:chernobyl-1-1", "23:10", 0.2)
        self._look("ada-tv", "episode:chernobyl-1-1")
        self._show_rows()
        self.tell.note("a rewatch is in progress and stays watched")

    def hear_servers(self) -> None:
        self.tell.scene("Live: a Plex server and a Jellyfin server tell of one film")
        for kind, account in (("plex", "1"), ("jellyfin", "ada")):
            source = {"kind": kind, "accounts": {account: "ada"}}
            hook = self._write("PUT", f"/sources/{kind}", source)["hook"]
            self.tell.note(f"{kind} was given an address: {hook[: len(kind) + 8]}…")
            delivery = plex_scrobble() if kind == "plex" else jellyfin_stop()
            self.position = max(self._admin.deliver(hook, *delivery)["positions"])
            self.tell.happens("now  ", kind, f"tells that {TITLE} was watched")
        self.tell.learn(FILM, TITLE)
        self._show_rows()
        self._look("ada-tv", FILM)
        plays = self._read("ada-tv", f"items/{FILM}")["plays"]
        self.tell.note(f"no library has it, so it was placed; told twice, it is {plays} play")

    def add_an_episode(self) -> None:
        self.tell.scene("A new episode comes to a show that was watched to its end")
        item = _NEW_EPISODE["item"]
        self.tell.learn(item, _NEW_EPISODE["title"])
        answer = self._write("POST", "/catalog/items", {"items": [_NEW_EPISODE]})
        self.tell.happens("23:20", "library", f"has {_NEW_EPISODE['title']}")
        self._show_rows()
        self.tell.note(f"rows are dated: this one came at version {answer['version']}, after them")
        for shown in (item, "season:sherlock-3", "show:sherlock"):
            self._look("ada-tv", shown)
        [suggested] = self._read("ada-tv", "next-up", section="next_episode")["items"]
        self.tell.note(f"next up: {self.tell.title(suggested['item'])}")
        self._watch("ada-tv", item, "23:50")
        self._show_rows()
        self._look("ada-tv", "show_shelf:series")

    def sum_up(self) -> None:
        self.tell.scene("What is left")
        rows = len(self._rows)
        self.tell.note(f"{self.position} events in the ledger, for ever")
        self.tell.note(f"{rows} rows say all that Ada has watched: {', '.join(sorted(self._rows))}")

    def _watch(self, cduid: str, item: str, clock: str) -> None:
        self.tell.happens(clock, cduid, f"has watched {self.tell.title(item)}")
        self._send(cduid, [event("watch", item, clock)])

    def _progress(self, cduid: str, item: str, clock: str, share: float) -> None:
        self.tell.happens(clock, cduid, f"plays {self.tell.title(item)}, {share:.0%} of it")
        self._send(cduid, [self._tick(item, clock, share)])

    def _tick(self, item: str, clock: str, share: float) -> Json:
        seconds = EPISODE_SECONDS if item.startswith("episode:") else MOVIE_SECONDS
        return event(
            "progress", item, clock, played_seconds=share * seconds, duration_seconds=seconds
        )

    def _send(self, cduid: str, events: Iterable[Json]) -> list[Json]:
        answer = self._players[cduid].call("POST", "/events", {"events": list(events)})
        results: list[Json] = self._reach(answer)["results"]
        return results

    def _write(self, method: str, path: str, body: Json) -> Json:
        return self._reach(self._admin.call(method, path, body))

    def _reach(self, answer: Json) -> Json:
        self.position = answer["position"]
        return answer

    def _read(self, cduid: str, path: str, **parameters: Any) -> Json:
        path = f"/device-users/{cduid}/{path}"
        return self._players[cduid].read(path, self.position, **parameters)

    def _look(self, cduid: str, item: str) -> None:
        self.tell.item(self._read(cduid, f"items/{item}"))

    def _show_rows(self) -> None:
        """What became of Ada's rows since they were last shown."""
        found = self._read("ada-tv", "watched")["rows"]
        rows = {row["item"]: row["catalog_version"] for row in found}
        self.tell.rows(self._rows, rows)
        self._rows = rows


def _positions(results: list[Json]) -> str:
    return ", ".join(str(each["position"]) for each in results)
