"""A pull from Plex: what its library has is placed, what was watched is said, once."""

from collections import Counter

import pytest

from infrastructure.services import Services
from tests.helpers.pulled_servers import Plex
from tests.infrastructure.pulling.conftest import Pull
from tests.infrastructure.pulling.ledger import catalog, there, told

NOSFERATU = ["imdb://tt0013442", "tmdb://653"]
METROPOLIS = ["imdb://tt0017136", "tmdb://19"]
SUNRISE = ["imdb://tt0018455"]
AT = 1_700_000_000


@pytest.fixture
def plex() -> Plex:
    """Three films and three episodes."""
    plex = Plex()
    plex.film("41", "Nosferatu", NOSFERATU, year=1922, duration=5_640_000)
    plex.film("42", "Metropolis", METROPOLIS, year=1927, duration=9_180_000)
    plex.film("43", "Sunrise", SUNRISE, year=1927)
    for number in (1, 2, 3):
        plex.episode(f"7{number}", 1, number, Guid=[f"tvdb://812300{number}"], duration=1_500_000)
    return plex


def test_films_and_series_are_placed_with_all_that_is_known(
    plex: Plex, pull: Pull, services: Services
) -> None:
    report = pull(plex)
    assert report.placed == {"placed": 10}  # two shelves, three films, show, season, episodes
    assert report.is_whole
    found = catalog(services)
    film = found.nodes["movie:plex.41"]
    assert film.parent == "movie_shelf:plex"
    assert film.details.title == "Nosferatu"
    assert film.details.year == 1922
    assert film.details.runtime_seconds == 5_640
    ids = {"imdb": "tt0013442", "tmdb": "653", "plex.server-1": "41"}
    assert film.details.external_ids == ids
    episode = found.nodes["episode:plex.72"]
    assert episode.details.index == 2
    assert [above for above, _ in found.above("episode:plex.72")] == [
        "season:plex.70.s01",
        "show:plex.70",
        "show_shelf:plex",
    ]


def test_pulled_again_nothing_is_recorded(plex: Plex, pull: Pull, services: Services) -> None:
    film = plex.film("44", "Faust", ["imdb://tt0016847"], viewCount=1, lastViewedAt=AT)
    plex.play(film, "1", AT)
    first = pull(plex)
    version, said = catalog(services).version, told(services)
    again = pull(plex)
    assert catalog(services).version == version
    assert told(services) == said
    assert again.placed == {"unchanged": first.placed["placed"] - 2}
    assert again.said == {"duplicate": 1}


def test_what_is_removed_is_hidden_and_comes_back(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    removed = plex.items["1", "1"].pop()
    assert pull(plex).hidden == 1
    assert "movie:plex.43" not in there(services)
    plex.items["1", "1"].append(removed)
    assert pull(plex).placed["restored"] == 1
    assert "movie:plex.43" in there(services)


def test_a_removed_show_goes_with_all_under_it_and_is_asked_about(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    for type_ in ("2", "3", "4"):
        plex.items["2", type_] = []
    report = pull(plex)
    assert report.withheld == {"show_shelf:plex": 5}
    assert not report.is_whole
    assert "episode:plex.71" in there(services)
    report = pull(plex, hides_all=True)
    assert report.hidden == 5
    assert report.is_whole
    assert there(services) == ["movie:plex.41", "movie:plex.42", "movie:plex.43"]
    assert catalog(services).hidden == {"show:plex.70"}


def test_a_library_that_lost_more_than_half_hides_nothing_until_told(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    del plex.items["1", "1"][1:]
    assert pull(plex).withheld == {"movie_shelf:plex": 2}
    assert "movie:plex.43" in there(services)
    assert pull(plex, hides_all=True).hidden == 2


def test_a_replaced_file_is_one_work_with_the_old_one(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    plex.items["1", "1"][0]["ratingKey"] = "99"
    pull(plex)
    assert "movie:plex.41" not in there(services)
    assert catalog(services).work("movie:plex.99") == ("movie:plex.41", "movie:plex.99")


def test_another_film_under_the_same_key_is_another_item(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    film = plex.items["1", "1"][0]
    film |= {"title": "Faust", "Guid": ["imdb://tt0016847"], "viewCount": 1, "lastViewedAt": AT}
    pull(plex)
    [other] = [each for each in there(services) if each.startswith("movie:plex.41")]
    assert other.startswith("movie:plex.41~")
    found = catalog(services).nodes
    assert found[other].details.title == "Faust"
    assert found["movie:plex.41"].details.title == "Nosferatu"
    assert told(services) == [("plex.1", "item_watched", other)]
    assert pull(plex).placed == {"unchanged": 8}


def test_an_id_that_is_added_or_corrected_leaves_the_item_what_it_is(
    plex: Plex, pull: Pull, services: Services
) -> None:
    pull(plex)
    plex.items["1", "1"][0]["Guid"] = ["imdb://tt0013442", "tmdb://654", "tvdb://1"]
    assert pull(plex).placed["changed"] == 1
    assert "movie:plex.41" in there(services)


def test_ids_of_the_agents_of_before_are_understood(pull: Pull, services: Services) -> None:
    plex = Plex()
    plex.film("1", "Nosferatu", [], guid="com.plexapp.agents.imdb://tt0013442?lang=en")
    legacy = "com.plexapp.agents.thetvdb://79126/2/5?lang=en"
    plex.episode("71", 1, 1, guid=legacy)
    pull(plex)
    found = catalog(services).nodes
    assert found["movie:plex.1"].details.external_ids["imdb"] == "tt0013442"
    assert found["episode:plex.71"].details.external_ids == {"plex.server-1": "71"}
    assert found["episode:plex.71"].parent == "season:plex.70.s02"
    assert found["episode:plex.71"].details.index == 5


def test_each_play_of_each_account_is_said_once_and_the_strangers_are_named(
    plex: Plex, pull: Pull, services: Services
) -> None:
    plex.accounts += [{"id": "7", "name": "Ben"}, {"id": "8", "name": "Cy"}]
    film, episode = plex.items["1", "1"][0], plex.items["2", "4"][0]
    plex.play(film, "1", AT)
    plex.play(film, "7", AT + 9_000)
    plex.play(film, "7", AT + 99_000)
    plex.play(episode, "8", AT)
    film |= {"viewCount": 1, "lastViewedAt": AT}
    report = pull(plex, fields={"kind": "plex", "accounts": {"Ada": "ada", "Ben": "ben"}})
    assert report.said == {"recorded": 3}
    assert list(report.nobodys) == ["Cy"]
    assert Counter(told(services)) == {
        ("plex.1", "item_watched", "movie:plex.41"): 1,
        ("plex.7", "item_watched", "movie:plex.41"): 2,
    }


def test_a_mark_by_hand_and_a_position_are_said_as_far_as_their_time_is_known(
    plex: Plex, pull: Pull, services: Services
) -> None:
    first, second, third = plex.items["1", "1"]
    first |= {"viewCount": 1, "lastViewedAt": AT}
    second |= {"viewCount": 2, "lastViewedAt": AT, "viewOffset": 600_000}
    third |= {"viewOffset": 600_000}
    report = pull(plex)
    assert told(services) == [
        ("plex.1", "item_watched", "movie:plex.41"),
        ("plex.1", "item_watched", "movie:plex.42"),
        ("plex.1", "progress_reported", "movie:plex.42"),
    ]
    assert [line for line in report.lines if "said" in line] == [
        "said watch movie:plex.41 by plex.1, 2023-11-14 22:13:20+00:00",
        "said watch movie:plex.42 by plex.1, undated",
        "said progress movie:plex.42 by plex.1, 2023-11-14 22:13:20+00:00",
    ]


def test_a_dry_run_says_all_that_a_pull_would_and_records_nothing(
    plex: Plex, pull: Pull, services: Services
) -> None:
    plex.play(plex.items["1", "1"][0], "1", AT)
    before = catalog(services).version
    dry = pull(plex, is_dry=True)
    assert catalog(services).version == before
    assert told(services) == []
    real = pull(plex)
    assert (dry.placed, dry.said, dry.hidden) == (real.placed, real.said, real.hidden)
    assert dry.lines == real.lines


def test_items_stand_on_the_shelves_that_libraries_were_given(
    plex: Plex, pull: Pull, services: Services
) -> None:
    shelves = {"Films": "movie_shelf:silent", "show": "show_shelf:all"}
    pull(plex, fields={"kind": "plex", "shelves": shelves})
    found = catalog(services)
    assert found.nodes["movie:plex.41"].parent == "movie_shelf:silent"
    assert found.nodes["show:plex.70"].parent == "show_shelf:all"


def test_thousands_of_items_come_in_pages(pull: Pull) -> None:
    plex = Plex()
    for number in range(2_500):
        plex.film(str(number + 1), f"Film {number}", [f"tmdb://{number + 1}"])
    assert pull(plex).placed["placed"] == 2_501
    starts = [
        each.headers["X-Plex-Container-Start"]
        for each in plex.asked
        if each.path == "/library/sections/1/all"
    ]
    assert starts == ["0", "1000", "2000"]


def test_an_empty_library_keeps_what_stands_on_its_shelf_and_not_what_stands_elsewhere(
    plex: Plex, pull: Pull
) -> None:
    for number in range(10):
        plex.film(str(100 + number), f"Film {number}", [f"tmdb://{100 + number}"])
    plex.sections.append({"key": "4", "type": "show", "title": "Kids"})
    pull(plex)
    plex.items["1", "1"].pop()
    plex.items["2", "4"].pop()
    report = pull(plex)
    assert report.hidden == 1
    assert report.withheld == {"show_shelf:plex": 1}
    own = {"kind": "plex", "shelves": {"Kids": "show_shelf:kids"}}
    assert pull(plex, fields=own).hidden == 1


def test_with_create_each_account_is_a_user_of_its_name(
    plex: Plex, pull: Pull, services: Services
) -> None:
    plex.accounts.append({"id": "7", "name": "Ben"})
    plex.play(plex.items["1", "1"][0], "7", AT)
    report = pull(plex, fields={"kind": "plex", "unknown_accounts": "create"})
    assert report.nobodys == {}
    assert told(services) == [("plex.7", "item_watched", "movie:plex.41")]
