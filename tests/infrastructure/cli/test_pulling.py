"""Pulling from the command line: what is shown, and by which exit code."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.pulled_servers import TOKEN, Answer, Plex, serving
from tests.infrastructure.cli.shell import Run
from tests.infrastructure.pulling.conftest import write_addresses


@pytest.fixture
def plex(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plex]:
    """A server with a film that ada watched, as a source with an address."""
    run("source", "add", "plex", "--kind", "plex", "--account", "Ada=ada")
    monkeypatch.setenv("WATCHLEDGER_PULL_FILE", str(tmp_path / "pull.ini"))
    server = Plex()
    film = server.film("41", "Nosferatu", ["imdb://tt0013442"])
    server.play(film, "1", 1_700_000_000)
    with serving(server) as url:
        write_addresses(tmp_path / "pull.ini", plex=url)
        yield server


@pytest.mark.usefixtures("plex")
def test_a_dry_run_shows_what_a_pull_then_does(run: Run) -> None:
    dry = run("pull", "plex", "--dry-run")
    lines = dry.stdout.splitlines()
    assert lines == [
        "placed movie_shelf:plex: plex",
        "placed movie:plex.41: Nosferatu",
        "said watch movie:plex.41 by plex.1, 2023-11-14 22:13:20+00:00",
    ]
    assert "items would be: 2 placed; 0 hidden. Said would be: 1 recorded." in dry.stderr
    real = run("pull", "plex")
    assert real.stdout == dry.stdout
    again = run("pull", "plex")
    assert again.stdout == ""
    assert "items: 1 unchanged; 0 hidden. Said: 1 duplicate." in again.stderr
    run("rebuild")
    assert "movie_shelf:plex" in run("watched", "plex.1").stdout


@pytest.mark.usefixtures("plex")
def test_for_programs_it_is_one_document(run: Run) -> None:
    told = json.loads(run("pull", "plex", "--json").stdout)
    assert told["placed"] == {"placed": 2}
    assert told["said"] == {"recorded": 1}


def test_a_library_that_is_empty_is_refused_until_told(run: Run, plex: Plex) -> None:
    run("pull", "plex")
    plex.items.clear()
    refused = run("pull", "plex", exit_code=1)
    assert "1 of movie_shelf:plex are gone from the server" in refused.stderr
    assert "--yes" in refused.stderr
    assert "1 hidden" in run("pull", "plex", "--yes").stderr


def test_an_account_that_is_nobodys_is_named(run: Run, plex: Plex) -> None:
    plex.accounts.append({"id": "7", "name": "Ben"})
    told = run("pull", "plex").stderr
    assert "What Ben watched is left out: it is nobody's yet" in told
    assert "--account NAME=USER" in told


def test_a_server_that_refuses_is_told_in_a_sentence(run: Run, plex: Plex) -> None:
    plex.mishap = lambda _asked, _answer: Answer("", status=401)
    refused = run("pull", "plex", exit_code=1)
    assert "refuses the token (401). Write a valid one." in refused.stderr
    assert TOKEN not in refused.output


@pytest.mark.usefixtures("plex")
def test_a_source_that_isnt_there_or_places_nothing_is_refused(run: Run) -> None:
    assert "There is no source other" in run("pull", "other", exit_code=1).stderr
    run("source", "add", "plex", "--kind", "plex", "--no-places")
    assert "set to place nothing" in run("pull", "plex", exit_code=1).stderr


@pytest.mark.usefixtures("plex")
def test_without_the_client_libraries_its_told_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("infrastructure.pulling.plex", "plexapi", "plexapi.server", "plexapi.exceptions"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "plexapi", None)
    assert "pip install 'watchledger[pull]'" in run("pull", "plex", exit_code=1).stderr
