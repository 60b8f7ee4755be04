"""What files are called, and what that says of what is in them."""

from typing import Any

import pytest
from guessit.api import GuessitException

from infrastructure.following import naming
from infrastructure.following.naming import named


def _sent(location: str) -> list[dict[str, Any]]:
    return [
        each.model_dump(mode="json", exclude_defaults=True) for each in named(location).references
    ]


def _episode(title: str, season: int, episode: int, **show: Any) -> dict[str, Any]:
    return {
        "kind": "episode",
        "show": {"title": title, **show},
        "season": season,
        "episode": episode,
    }


@pytest.mark.parametrize(
    ("location", "reference"),
    [
        (
            "/media/tv/Sherlock/Season 1/Sherlock.S01E03.The.Great.Game.1080p.BluRay-GRP.mkv",
            _episode("Sherlock", 1, 3),
        ),
        ("/media/tv/Sherlock/Season 1/03 - The Great Game.mkv", _episode("Sherlock", 1, 3)),
        ("Sherlock.1x03.mkv", _episode("Sherlock", 1, 3)),
        ("Doctor.Who.2005.S01E02.mkv", _episode("Doctor Who", 1, 2, year=2005)),
        (
            "/tv/Sherlock (2010) {tvdb-176941}/Season 2/Sherlock.S02E01.mkv",
            _episode("Sherlock", 2, 1, year=2010, ids={"tvdb": "176941"}),
        ),
        ("24.S01E01.mkv", _episode("24", 1, 1)),
        ("The 100 S01E01.mkv", _episode("The 100", 1, 1)),
    ],
)
def test_an_episode_is_named_by_its_show_and_numbers(
    location: str, reference: dict[str, Any]
) -> None:
    assert _sent(location) == [reference]


def test_a_year_behind_the_numbers_is_the_episodes_and_not_the_shows() -> None:
    assert _sent("Sherlock.S02E01.2012.mkv") == [_episode("Sherlock", 2, 1)]


@pytest.mark.parametrize(
    "location",
    ["Doctor Who/Specials/Doctor Who - S00E05.mkv", "Doctor.Who.S00E05.Christmas.Special.mkv"],
)
def test_a_special_is_an_episode_of_season_0(location: str) -> None:
    assert _sent(location) == [_episode("Doctor Who", 0, 5)]


@pytest.mark.parametrize(
    ("location", "numbers"),
    [
        ("Sherlock.S01E01E02.mkv", [1, 2]),
        ("Sherlock.S01E01-E02.mkv", [1, 2]),
        ("Sherlock.1x01-1x02.mkv", [1, 2]),
        ("Sherlock.S01E01-03.mkv", [1, 2, 3]),
    ],
)
def test_a_file_of_several_episodes_names_each_in_order(location: str, numbers: list[int]) -> None:
    assert _sent(location) == [_episode("Sherlock", 1, each) for each in numbers]


@pytest.mark.parametrize(
    ("location", "title", "year"),
    [
        ("/films/Alien (1979)/Alien.1979.Directors.Cut.mkv", "Alien", 1979),
        ("2001 A Space Odyssey (1968).mkv", "2001 A Space Odyssey", 1968),
        ("Blade.Runner.2049.2017.2160p.mkv", "Blade Runner 2049", 2017),
        ("2012.2009.mkv", "2012", 2009),
        ("1917.mkv", "1917", None),
        ("home.mkv", "home", None),
        ("Dune.Part.Two.2024.mkv", "Dune Part Two", 2024),
        ("Spider-Man - No Way Home (2021).mkv", "Spider-Man No Way Home", 2021),
        ("Amélie (2001).mkv", "Amélie", 2001),
    ],
)
def test_a_film_is_named_by_its_title_and_its_year(
    location: str, title: str, year: int | None
) -> None:
    assert _sent(location) == [
        {"kind": "movie", "title": title, **({"year": year} if year else {})}
    ]


def test_an_id_in_a_films_name_is_its_id() -> None:
    [reference] = _sent("Dune (2021) {imdb-tt1160419}.mkv")
    assert reference["ids"] == {"imdb": "tt1160419"}


def test_an_anime_that_is_numbered_through_keeps_its_number() -> None:
    assert _sent("[Group] One Piece - 1015 [1080p][ABCD1234].mkv") == [
        _episode("One Piece", 1, 1015)
    ]


@pytest.mark.parametrize("location", ["One Piece - 905.mkv", "Sherlock.103.mkv"])
def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(location: str) -> None:
    found = named(location)
    assert not found.references
    assert "numbered through" in str(found.why_not)


@pytest.mark.parametrize(
    ("location", "why_not"),
    [
        ("https://host/watch?v=abc", "no ending"),
        ("dvd://1", "stream"),
        ("-", "no ending"),
        ("song.mp3", "no ending"),
        ("concert.mka", "no ending"),
        ("Alien.1979-trailer.mkv", "extra"),
        ("Sherlock S01E01 extras.mkv", "extra"),
        ("Gone.With.The.Wind.1939.CD1.avi", "several files"),
        ("The.Daily.Show.2024.03.01.mkv", "no episode"),
        ("Sherlock.S01.mkv", "no episode"),
        ("S01E03.mkv", "says nothing"),
        ("24.mkv", "says nothing"),
    ],
)
def test_what_a_name_does_not_say_is_not_made_up(location: str, why_not: str) -> None:
    found = named(location)
    assert not found.references
    assert why_not in str(found.why_not)


def test_a_name_that_cannot_be_read_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str) -> None:
        raise GuessitException(path, {})

    monkeypatch.setattr(naming, "guessit", fail)
    assert "says nothing" in str(named("film.mkv").why_not)


@pytest.mark.parametrize(
    "location",
    [
        "https://user:secret@nas/films/Alien%20%281979%29.mkv?token=secret",
        "file:///C:/Films/Alien%20%281979%29.mkv",
        "C:\\Films\\Alien (1979).mkv",
        "smb://nas/films/Alien (1979).mkv",
    ],
)
def test_an_address_is_a_name_without_its_secrets(location: str) -> None:
    found = named(location)
    assert found.name == "Alien (1979).mkv"
    assert _sent(location) == [{"kind": "movie", "title": "Alien", "year": 1979}]


def test_a_file_may_have_signs_of_addresses_in_its_name() -> None:
    assert named("/films/What's Up, #1 Doc? (1972).mkv").name == "What's Up, #1 Doc? (1972).mkv"
