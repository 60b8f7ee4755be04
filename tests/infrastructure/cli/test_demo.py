"""The demo lives through its evening, and what it prints is what the rules say."""

import re
import signal
from json import dumps
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from infrastructure.cli.main import app
from infrastructure.commands.placements import parse_item
from infrastructure.commands.submissions import Unreadable
from infrastructure.demo.stage import library
from tests.infrastructure.cli.shell import started

ADAS_ROWS = ["movie:spirited-away", "movie_shelf:plex", "show_shelf:series"]


@pytest.fixture(scope="module")
def told() -> str:
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


@pytest.mark.parametrize(
    ("scene", "rows"),
    [
        (
            "Ada watches a series",
            [
                "+ episode:sherlock-1-1",
                "+ episode:sherlock-1-2",
                "- episode:sherlock-1-1",
                "- episode:sherlock-1-2",
                "+ season:sherlock-1",
            ],
        ),
        (
            "She goes on",
            [
                "+ season:sherlock-2",
                "- season:sherlock-1",
                "- season:sherlock-2",
                "+ show:sherlock",
            ],
        ),
        ("Chernobyl", ["- show:sherlock", "+ show_shelf:series"]),
        ("Ada's phone was offline", ["+ movie:spirited-away"]),
        ("She starts something again", []),
        ("Live: a Plex server and a Jellyfin server", ["+ movie_shelf:plex"]),
        ("A new episode comes", ["~ show_shelf:series"]),
    ],
)
def test_rows_collapse_as_the_evening_goes_on(told: str, scene: str, rows: list[str]) -> None:
    [paragraph] = [each for each in told.split("\n\n") if each.strip().startswith(scene)]
    assert re.findall(r"^ +([-+~] \S+)", paragraph, re.MULTILINE) == rows


@pytest.mark.parametrize(
    "line",
    [
        "live television keeps no place: 0 in progress",
        "Spirited Away (2001): watched",
        "duplicate, at positions 53, 54, 55: nothing happened twice",
        "1:23:45: watched, in progress at 20%",
        "His Last Vow: not watched",
        "Sherlock: not watched (8 of 9)",
        "next up: His Last Vow",
        "Series: watched (14 of 14)",
        "no library has it, so it was placed; told twice, it is 1 play",
        f"3 rows say all that Ada has watched: {', '.join(ADAS_ROWS)}",
    ],
)
def test_the_evening_goes_as_the_rules_say(told: str, line: str) -> None:
    assert line in [each.strip() for each in told.splitlines()]


def test_ben_sees_nothing_of_ada_and_his_silo_opens_at_once(told: str) -> None:
    assert "sees none of it:\n        A Study in Pink: not watched\n" in told
    alien = re.findall(r"Alien \(1979\): (.*)", told)
    assert alien == ["watched", "not watched", "watched"]


def test_the_library_that_ships_is_a_valid_catalog() -> None:
    parsed = [parse_item(dumps(each).encode()) for each in library()]
    assert not [each for each in parsed if isinstance(each, Unreadable)]


def test_with_serve_the_server_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    with started("demo", "--serve", "--fast", TMPDIR=str(tmp_path)) as process:
        assert process.stdout is not None
        told = ""
        while "/docs" not in told:
            told += process.stdout.readline()
        token = re.findall(r"TOKEN=(\S+)", told)[0]
        url = re.findall(r"(http://\S+/watched)", told)[0]
        headers = {"Authorization": f"Bearer {token}"}
        assert len(httpx.get(url, headers=headers, trust_env=False).json()["rows"]) == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []
