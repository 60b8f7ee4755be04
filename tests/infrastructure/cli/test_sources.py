"""Sources from the command line: set up, shown, and what came of them tried again."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from infrastructure.sources.heard import Delivery
from infrastructure.sources.tautulli import TEMPLATE
from tests.helpers.media_servers import jellyfin, now, tautulli
from tests.infrastructure.cli.shell import Run

Tell = Callable[[str, dict[str, Any]], str]


@pytest.fixture
def tell(run: Run) -> Tell:
    """Has a source told something, as a service that runs would."""
    run("migrate")

    def told(source: str, payload: dict[str, Any]) -> str:
        delivery = Delivery("application/json", json.dumps(payload).encode())
        with opened(load_settings({}), projects=False) as services:
            taking = services.taker.take(services.sources.named(source), delivery)
            return asyncio.run(taking).status

    return told


def played(user: str = "ada", key: str = "a1b2") -> dict[str, Any]:
    ticks = {"PlaybackPositionTicks": 9_000_000_000}
    return jellyfin("PlaybackStart", at=now(), NotificationUsername=user, UserId=key, **ticks)


def shown(run: Run, *arguments: str) -> Any:
    return json.loads(run("source", *arguments, "--json").stdout)


def test_adding_prints_the_address_and_nothing_else(run: Run) -> None:
    result = run("source", "add", "plex", "--kind", "plex", "--url", "https://ledger.example/")
    assert result.stdout.startswith("https://ledger.example/in/plex/")
    assert result.stdout.count("\n") == 1
    assert "shown only now" in result.stderr
    assert "Add Webhook" in result.stderr
    again = run("source", "add", "plex", "--kind", "plex")
    assert again.stdout == ""
    assert "keeps its address" in again.stderr


@pytest.mark.parametrize("kind", ["plex", "jellyfin", "emby", "tautulli", "kodi"])
def test_where_to_paste_it_is_told_of_each_kind(run: Run, kind: str) -> None:
    result = run("source", "add", "home", "--kind", kind)
    assert result.stdout.startswith("http://127.0.0.1:8470/in/home/")
    assert kind.capitalize() in result.stderr
    assert (TEMPLATE in result.stderr) is (kind == "tautulli")


def test_a_source_is_shown_and_listed_as_it_was_set(run: Run) -> None:
    given = ["--account", "Ada=ada", "--shelf", "movie=movie_shelf:m", "--no-places"]
    run("source", "add", "plex", "--kind", "plex", *given, "--isolation-mode", "quiet")
    found = shown(run, "show", "plex")
    assert found["accounts"] == {"Ada": "ada"}
    assert found["shelves"] == {"movie": "movie_shelf:m"}
    assert (found["places"], found["isolation_mode"]) == (False, "quiet")
    assert shown(run, "list") == {"items": [found]}
    text = run("source", "show", "plex").stdout
    assert "Ada is ada" in text
    assert "movie: movie_shelf:m" in text
    assert "plex" in run("source", "list").stdout


def test_where_there_is_none_the_list_says_so(run: Run) -> None:
    run("migrate")
    assert "There is none." in run("source", "list").stderr


def test_a_new_address_takes_the_place_of_the_old_one(run: Run) -> None:
    old = run("source", "add", "plex", "--kind", "plex").stdout
    new = run("source", "rotate", "plex").stdout
    assert new.startswith("http://127.0.0.1:8470/in/plex/")
    assert new != old


def test_what_is_held_is_shown_and_told_once_it_is_mapped(run: Run, tell: Tell) -> None:
    run("source", "add", "jelly", "--kind", "jellyfin", "--account", "ada=ada")
    assert tell("jelly", played()) == "taken"
    assert tell("jelly", played("ben", "c3d4")) == "held"
    held = shown(run, "deliveries", "jelly", "--status", "held")["items"]
    assert [each["account_name"] for each in held] == ["ben"]
    assert "ben" in run("source", "deliveries", "jelly").stdout
    assert shown(run, "show", "jelly")["held"] == 1
    mapped = run("source", "add", "jelly", "--kind", "jellyfin", "--account", "ben=ben")
    assert "Of 1 that were held, 1 are told now." in mapped.stderr
    assert shown(run, "deliveries", "jelly", "--status", "held") == {"items": []}
    assert len(shown(run, "deliveries", "jelly", "--limit", "1")["items"]) == 1
    unmapped = run("source", "add", "jelly", "--kind", "jellyfin", "--account", "ben=")
    assert "as given" in unmapped.stderr
    assert tell("jelly", played("ben", "c3d4")) == "held"


def test_what_failed_is_tried_again_when_told(run: Run, tell: Tell) -> None:
    run("source", "add", "jelly", "--kind", "jellyfin", "--account", "ada=ada")
    assert tell("jelly", tautulli("play", offset_seconds=9, utctime=now())) == "failed"
    [failed] = shown(run, "deliveries", "jelly")["items"]
    assert "Tautulli" in failed["reason"]
    for ids in ([], [str(failed["id"])]):
        assert (
            "Tried 1 again; 0 of them are settled." in run("source", "retry", "jelly", *ids).stdout
        )
    assert shown(run, "deliveries", "jelly")["items"][0]["tries"] == 3


def test_a_removed_source_is_gone(run: Run) -> None:
    run("source", "add", "plex", "--kind", "plex")
    run("source", "remove", "plex")
    assert shown(run, "list") == {"items": []}


@pytest.mark.parametrize("command", ["show", "rotate", "remove", "deliveries", "retry"])
def test_an_unknown_source_is_refused(run: Run, command: str) -> None:
    run("migrate")
    result = run("source", command, "nothing", exit_code=1)
    assert "There is no source nothing." in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "a.b", "--kind", "plex"],
        ["add", "plex"],
        ["add", "plex", "--kind", "vlc"],
        ["add", "plex", "--kind", "plex", "--account", "ada"],
        ["add", "plex", "--kind", "plex", "--account", "1=a b"],
        ["add", "plex", "--kind", "plex", "--shelf", "Films=movie:a"],
        ["deliveries", "plex", "--status", "lost"],
    ],
)
def test_misuse_is_told_before_anything_is_recorded(run: Run, arguments: list[str]) -> None:
    assert run("source", *arguments, exit_code=2).stderr
    run("migrate")
    assert shown(run, "list") == {"items": []}
