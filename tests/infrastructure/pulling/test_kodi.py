"""A pull from Kodi, by JSON-RPC."""

from datetime import UTC, datetime

from infrastructure.services import Services
from tests.helpers.pulled_servers import Kodi
from tests.infrastructure.pulling.conftest import Pull
from tests.infrastructure.pulling.ledger import catalog, there, told

FIELDS = {"kind": "kodi", "accounts": {"kodi": "ada"}}
AT = "2024-05-01 20:00:00"


def filled() -> Kodi:
    """A film that was watched and an episode that was begun."""
    kodi = Kodi()
    film = {"title": "Nosferatu", "year": 1922, "uniqueid": {"imdb": "tt0013442"}, "runtime": 5_640}
    watched = {"playcount": 1, "lastplayed": AT, "resume": {"position": 0, "total": 0}}
    kodi.lists["movies"].append({"movieid": 3, **film, **watched})
    show = {"tvshowid": 5, "title": "The Lodgers", "year": 2020, "uniqueid": {"tvdb": "79126"}}
    kodi.lists["tvshows"].append(show)
    in_show = {"tvshowid": 5, "showtitle": "The Lodgers", "season": 1}
    kodi.lists["seasons"].append({"seasonid": 8, "title": "Season 1", **in_show})
    begun = {"playcount": 0, "lastplayed": AT, "resume": {"position": 600.0, "total": 1_500.0}}
    episode = {"episodeid": 7, "title": "Moving in", "episode": 2, "runtime": 1_500}
    kodi.lists["episodes"].append({**episode, **in_show, "uniqueid": {"tvdb": "306"}, **begun})
    return kodi


def test_a_library_is_placed_and_what_was_watched_said_once(pull: Pull, services: Services) -> None:
    kodi = filled()
    report = pull(kodi, "attic", fields=FIELDS)
    assert report.placed == {"placed": 6}
    assert told(services) == [
        ("attic.kodi", "item_watched", "movie:attic.3"),
        ("attic.kodi", "progress_reported", "episode:attic.7"),
    ]
    assert catalog(services).nodes["episode:attic.7"].parent == "season:attic.5.s01"
    again = pull(kodi, "attic", fields=FIELDS)
    assert again.placed == {"unchanged": 4}
    assert again.said == {"duplicate": 2}


def test_times_are_those_of_this_machine(pull: Pull) -> None:
    report = pull(filled(), "attic", fields=FIELDS)
    at = datetime(2024, 5, 1, 20).astimezone().astimezone(UTC)  # as Kodi has it
    assert any(str(at) in line for line in report.lines)


def test_a_library_made_anew_gives_old_keys_to_others_and_no_history_goes_astray(
    pull: Pull, services: Services
) -> None:
    kodi = filled()
    pull(kodi, "attic", fields=FIELDS)
    film = kodi.lists["movies"][0]
    film["movieid"] = 4
    faust = {"title": "Faust", "uniqueid": {"imdb": "tt0016847"}, "playcount": 0, "resume": {}}
    kodi.lists["movies"].append({**film, **faust, "movieid": 3})
    pull(kodi, "attic", fields=FIELDS)
    found = catalog(services)
    assert "movie:attic.3" not in there(services)
    assert found.work("movie:attic.4") == ("movie:attic.3", "movie:attic.4")
    assert len([each for each in there(services) if each.startswith("movie:attic.3~")]) == 1
