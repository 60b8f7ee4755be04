"""A pull from Jellyfin and from Emby, which answer alike and take the token elsewhere."""

import pytest

from infrastructure.services import Services
from tests.helpers.pulled_servers import Emby, Jellyfin
from tests.infrastructure.pulling.conftest import Pull
from tests.infrastructure.pulling.ledger import catalog, there, told

ADA, BEN = "b" * 32, "c" * 32
FILM, EPISODE = f"movie:home.{'1'.rjust(32, '0')}", f"episode:home.{'4'.rjust(32, '0')}"
SHOW = f"show:home.{'2'.rjust(32, '0')}"
AT = "2024-05-01T20:00:00.1234567Z"


def filled(server: Jellyfin) -> Jellyfin:
    """A film, and an episode in its season."""
    minutes = 60 * 10_000_000
    film = {"ProviderIds": {"Imdb": "tt0013442", "Tmdb": "653"}, "ProductionYear": 1922}
    server.add("Movie", "1", 0, RunTimeTicks=94 * minutes, **film)
    show = server.add("Series", "2", 1, ProviderIds={"Tvdb": "79126"}, ProductionYear=2002)
    in_show = {"SeriesId": show, "SeriesName": "Series 2"}
    server.add("Season", "3", 1, IndexNumber=1, **in_show)
    numbers = {"ParentIndexNumber": 1, "IndexNumber": 2}
    ids = {"ProviderIds": {"Tvdb": "306"}}
    server.add("Episode", "4", 1, RunTimeTicks=60 * minutes, **numbers, **in_show, **ids)
    return server


def of(kind: str) -> dict[str, object]:
    return {"kind": kind, "accounts": {"ada": "ada", "ben": "ben"}}


@pytest.mark.parametrize(("kind", "make"), [("jellyfin", Jellyfin), ("emby", Emby)])
def test_a_library_is_placed_with_what_each_account_watched_and_once(
    kind: str, make: type[Jellyfin], pull: Pull, services: Services
) -> None:
    server = filled(make())
    film, episode = server.items[0]["Id"], server.items[3]["Id"]
    watched = {"Played": True, "PlayCount": 2, "LastPlayedDate": AT, "PlaybackPositionTicks": 0}
    server.watched[ADA, film] = watched
    half = {"Played": False, "PlaybackPositionTicks": 9_000_000_000, "LastPlayedDate": AT}
    server.watched[BEN, episode] = half
    report = pull(server, "home", fields=of(kind))
    assert report.placed == {"placed": 6}
    assert report.is_whole
    found = catalog(services)
    assert found.nodes[FILM].details.external_ids == {
        "imdb": "tt0013442",
        "tmdb": "653",
        f"{kind}.{'a' * 32}": film,
    }
    assert found.nodes[EPISODE].parent == SHOW.replace("show:", "season:") + ".s01"
    assert told(services) == [
        (f"home.{ADA}", "item_watched", FILM),
        (f"home.{BEN}", "progress_reported", EPISODE),
    ]
    again = pull(server, "home", fields=of(kind))
    assert again.placed == {"unchanged": 4}
    assert again.said == {"duplicate": 2}


def test_what_gives_no_time_is_undated_and_what_is_seen_again_is_too(
    pull: Pull, services: Services
) -> None:
    server = filled(Jellyfin())
    film, episode = server.items[0]["Id"], server.items[3]["Id"]
    server.watched[ADA, film] = {"Played": True}
    again = {"Played": True, "LastPlayedDate": AT, "PlaybackPositionTicks": 9_000_000_000}
    server.watched[ADA, episode] = again
    report = pull(server, "home", fields=of("jellyfin"))
    assert [line.rpartition(", ")[2] for line in report.lines if "said" in line] == [
        "undated",
        "undated",
        "2024-05-01 20:00:00.123456+00:00",
    ]
    assert len(told(services)) == 3


def test_a_file_of_two_episodes_is_both_and_watched_it_is_both(
    pull: Pull, services: Services
) -> None:
    server = filled(Jellyfin())
    server.items[3]["IndexNumberEnd"] = 3
    server.watched[ADA, server.items[3]["Id"]] = {"Played": True, "LastPlayedDate": AT}
    pull(server, "home", fields=of("jellyfin"))
    nodes = catalog(services).nodes
    assert [nodes[each].details.index for each in (EPISODE, f"{EPISODE}.2")] == [2, 3]
    assert [item for _, _, item in told(services)] == [EPISODE, f"{EPISODE}.2"]
    assert pull(server, "home", fields=of("jellyfin")).said == {"duplicate": 2}


def test_an_episode_that_is_only_known_to_be_out_isnt_there(pull: Pull, services: Services) -> None:
    server = filled(Jellyfin())
    server.items[3]["LocationType"] = "Virtual"
    pull(server, "home", fields=of("jellyfin"))
    assert EPISODE not in there(services)


def test_another_server_behind_the_address_of_the_first_is_refused(
    pull: Pull, services: Services
) -> None:
    pull(filled(Jellyfin()), "home", fields=of("jellyfin"))
    with pytest.raises(Exception, match="was pulled from another server before"):
        pull(filled(Jellyfin("d" * 32)), "home", fields=of("jellyfin"))
    assert FILM in there(services)
