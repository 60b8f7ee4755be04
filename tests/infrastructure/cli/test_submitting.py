"""What was watched is said on the command line, as a player says it over HTTP."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.infrastructure.cli.shell import Run

pytestmark = pytest.mark.usefixtures("library", "ada")


def told(run: Run, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("submit", *arguments, "--json").stdout)
    return found


def history(run: Run) -> list[dict[str, Any]]:
    lines = run("history", "--cduid", "ada-tv", "--type", "watch", "--json").stdout
    return [json.loads(line) for line in lines.splitlines()]


def test_what_is_said_is_recorded_and_told(run: Run) -> None:
    shown = run("submit", "watch", "ada-tv", "movie:m", "--at", "2026-01-31T20:15:00+01:00")
    assert "recorded" in shown.stdout
    [found] = history(run)
    assert found["id"] in shown.stdout
    assert str(found["position"]) in shown.stdout
    assert (found["item"], found["occurred_at"]) == ("movie:m", "2026-01-31T19:15:00Z")


def test_said_again_under_its_id_it_is_a_duplicate(run: Run) -> None:
    name = str(uuid4())
    first = told(run, "watch", "ada-tv", "movie:m", "--id", name)
    again = told(run, "watch", "ada-tv", "movie:m", "--id", name)
    assert first == {"id": name, "status": "recorded", "position": first["position"]}
    assert again == {**first, "status": "duplicate"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["unwatch", "ada-tv", "season:s1"],
        ["progress", "ada-tv", "movie:m", "--played-seconds", "1200", "--state", "paused"],
        ["progress", "ada-tv", "movie:m", "--share", "0.4", "--at", "2026-01-31T20:15:00Z"],
        ["retract", "ada-tv", str(uuid4())],
        ["dismiss", "ada-tv", "show:s"],
        ["recall", "ada-tv", "show:s"],
        ["restart", "ada-tv", "show:s"],
        ["watch", "ada-tv", "movie:m", "--undated"],
    ],
)
def test_everything_that_a_player_can_say_can_be_said(run: Run, arguments: list[str]) -> None:
    assert told(run, *arguments)["status"] == "recorded"


def test_who_watched_along_is_named(run: Run) -> None:
    run("device-user", "add", "ben-tv", "--user", "ben", "--device", "tv")
    found = told(run, "watch", "ada-tv", "movie:m", "--with", "ben")
    assert len(found["positions"]) == 2


def test_what_nobody_can_see_yet_and_what_is_nothing_new_is_told(run: Run) -> None:
    assert "counts once it has" in run("submit", "watch", "ada-tv", "movie:unknown").stderr
    run("submit", "watch", "ada-tv", "movie:m")
    assert "nothing changes" in run("submit", "watch", "ada-tv", "movie:m").stderr


def test_what_is_refused_says_why(run: Run) -> None:
    refused = run("submit", "restart", "ada-tv", "movie:m", exit_code=1)
    assert "restart a show, a season or a shelf" in refused.stderr
    nobody = run("submit", "watch", "nobody", "movie:m", exit_code=1)
    assert "no device user nobody" in nobody.stderr
    misused = run("submit", "progress", "ada-tv", "movie:m", "--share", "7", exit_code=2)
    assert "share should be less than or equal to 1" in misused.stderr
    assert (
        "time zone"
        in run(
            "submit", "watch", "ada-tv", "movie:m", "--at", "2026-01-31T20:15:00", exit_code=2
        ).stderr
    )


def test_a_show_is_watched_through(run: Run) -> None:
    name = str(uuid4())
    run("submit", "watch", "ada-tv", "episode:s1e2")
    first = run("watch-through", "ada-tv", "episode:s2e1", "--id", name).stdout
    assert [line.split()[:2] for line in first.splitlines()[1:]] == [
        ["episode:s1e1", "recorded"],
        ["episode:s2e1", "recorded"],
    ]
    again = json.loads(
        run("watch-through", "ada-tv", "episode:s2e1", "--id", name, "--json").stdout
    )
    assert [each["status"] for each in again["results"]] == ["duplicate", "duplicate"]
    run("watch-through", "ada-tv", "episode:s2e1", "--id", name, "--undated", exit_code=1)
    assert "watched already" in run("watch-through", "ada-tv", "episode:s2e1").stderr
    assert "no episode" in run("watch-through", "ada-tv", "show:s", exit_code=1).stderr


def test_what_came_before_the_data_was_made_is_not_made(run: Run, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path}/nothing/here.db"
    run("submit", "watch", "ada-tv", "movie:m", "--database-url", nowhere, exit_code=1)
    assert not (tmp_path / "nothing").exists()


def test_what_was_taken_back_is_shown_with_where(run: Run) -> None:
    run("device-user", "add", "ben-tv", "--user", "ben", "--device", "tv")
    found = told(run, "watch", "ada-tv", "movie:m", "--with", "ben")
    position = told(run, "retract", "ada-tv", found["id"])["position"]
    shown = run("history", "--cduid", "ada-tv", "--type", "watch").stdout
    assert "with ben" in shown
    assert f"retracted at position {position}" in shown
