"""Guids of Plex and its agents."""

import pytest

from infrastructure.sources.guids import Guid, read_guid


@pytest.mark.parametrize(
    ("text", "guid"),
    [
        ("plex://movie/5d776830880197001ec90e69", Guid("plex", "5d776830880197001ec90e69")),
        ("imdb://tt0017136", Guid("imdb", "tt0017136")),
        ("tmdb://19", Guid("tmdb", "19")),
        ("tvdb://304585", Guid("tvdb", "304585")),
        ("com.plexapp.agents.imdb://tt0017136?lang=en", Guid("imdb", "tt0017136")),
        ("com.plexapp.agents.themoviedb://19?lang=de", Guid("tmdb", "19")),
        ("com.plexapp.agents.thetvdb://74805/1/4?lang=en", Guid("tvdb", "74805", 1, 4)),
        ("com.plexapp.agents.thetvdb://74805/0?lang=en", Guid("tvdb", "74805", 0)),
        ("com.plexapp.agents.hama://anidb-69/1/1071?lang=en", Guid("anidb", "69", 1, 1071)),
        ("com.plexapp.agents.hama://tvdb4-81797", Guid("tvdb", "81797")),
        ("com.plexapp.agents.hama://imdb-tt0988818", Guid("imdb", "tt0988818")),
        ("com.plexapp.agents.xbmcnfo://tt0017136?lang=en", Guid("imdb", "tt0017136")),
    ],
)
def test_an_id_is_found_in_a_guid(text: str, guid: Guid) -> None:
    assert read_guid(text) == guid


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "local://1500",
        "com.plexapp.agents.none://1500?lang=xn",
        "tv.plex.agents.none://1500",
        "com.plexapp.agents.imdb://?lang=en",
        "com.plexapp.agents.thetvdb:///1/4",
        "com.plexapp.agents.unknown://Metropolis",
        "com.plexapp.agents.plexmusic://track/a/b",
        "com.plexapp.agents.hama://anidb-",
        "file:///films/preroll.mp4",
        "plex://movie",
        "plex://movie/a/b",
        "plex://movie/%00",
        "imdb://0017136",
        "tmdb://tt0017136",
        "nonsense",
    ],
)
def test_a_guid_without_an_id_has_none(text: str | None) -> None:
    assert read_guid(text) is None
