"""Each tracker's export is read for what it says with certainty, and a wrong one is named."""

import json
from pathlib import Path

import pytest

from infrastructure.importing.lines import FileProblem
from tests.infrastructure.importing.files.exports import (
    all_of,
    packed,
    plays,
    problems,
    trakt_episode,
    trakt_movie,
)

LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
YAMTRACK = (
    "media_id,source,media_type,title,image,season_number,episode_number,score,progress,status,"
    "start_date,end_date,notes,progress_changed\n"
)
SIMKL = "SIMKL_ID,Title,Type,Year,Watchlist,LastEpWatched,WatchedDate,Rating,Memo,TVDB,TMDB,IMDB\n"
EPISODES = "created_at,s_id,series_name,season_number,episode_number,episode_id\n"
FILMS = "entity_type,type,movie_name,release_date,watch_date\n"


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_trakts_parts_are_read_in_order_of_their_numbers_and_sums_left_out(tmp_path: Path) -> None:
    parts = {f"export/watched-history-{n}.json": [trakt_movie(f"F{n}", n)] for n in (10, 2, 1)}
    sums = {"watched-movies.json": [{"plays": 3}], "ratings-movies.json": []}
    found = plays(packed(tmp_path / "t.zip", {**parts, **sums}), "trakt")
    assert [each.named.title for each in found] == ["F1", "F2", "F10"]


def test_trakts_episodes_have_their_show_and_numbers_and_no_slug(tmp_path: Path) -> None:
    path = _file(tmp_path / "watched-history.json", json.dumps([trakt_episode(2)]))
    [found] = plays(path, "trakt")
    assert found.show is not None
    assert found.show.ids == {"trakt": 19792, "imdb": "tt1475582"}
    assert (found.season, found.episode, found.watched_at) == (1, 2, "2024-05-02T20:00:00.000Z")


def test_a_letterboxd_diary_has_titles_years_and_days(tmp_path: Path) -> None:
    text = f'{LETTERBOXD}2024-01-02,"Alien, again",1979,https://boxd.it/1,5,Yes,,2024-01-01\n'
    [found] = plays(packed(tmp_path / "l.zip", {"diary.csv": text}), "letterboxd")
    assert found.named[1:] == ("Alien, again", "1979")
    assert found.watched_at == "2024-01-01"


def test_of_yamtrack_films_and_episodes_are_read_and_no_sums(tmp_path: Path) -> None:
    rows = (
        "1399,tmdb,tv,Thrones,,,,8,,In progress,,,,\n"
        "1399,tmdb,season,Thrones,,1,,8,,Completed,,,,\n"
        "1399,tmdb,episode,Winter Is Coming,,1,1,,,,,2024-01-03 20:00:00+00:00,,\n"
        "348,tmdb,movie,Alien,,,,,,Completed,2024-01-01,2024-01-02,,\n"
        "679,tmdb,movie,Aliens,,,,,,Planning,,,,\n"
        "x,manual,movie,Home Video,,,,,,Completed,,,,\n"
    )
    episode, film, own = plays(_file(tmp_path / "y.csv", YAMTRACK + rows), "yamtrack")
    assert episode.show is not None
    assert (episode.show.ids, episode.show.title) == ({"tmdb": "1399"}, "Thrones")
    assert (film.named.ids, film.watched_at) == ({"tmdb": "348"}, "2024-01-02")
    assert (own.named.ids, own.watched_at) == ({}, "")


def test_tv_time_has_episodes_by_tvdb_and_films_by_name(tmp_path: Path) -> None:
    episodes = f"{EPISODES}2017-05-01 20:15:00,176941,Sherlock,1,2,11\n,176941,Sherlock,,,\n"
    films = (
        f"{FILMS}movie,watch,Alien,1979-05-25 00:00:00,2020-01-01 20:00:00\n"
        "movie,follow,Aliens,1986-07-18 00:00:00,\n"
        "movie,watch,Unknown,0001-01-01 00:00:00,\n"
    )
    members = {"tracking-prod-records-v2.csv": episodes, "tracking-prod-records.csv": films}
    episode, film, other = plays(packed(tmp_path / "t.zip", members), "tvtime")
    assert episode.show is not None
    assert episode.show.ids == {"tvdb": "176941"}
    assert (episode.season, episode.episode) == ("1", "2")
    assert (film.named.title, film.named.year) == ("Alien", 1979)
    assert other.named.year is None


def test_of_simkls_csv_only_the_last_episode_of_a_show_is_certain(tmp_path: Path) -> None:
    rows = (
        "1,Sherlock,tv,2010,watching,s1e3,2024-01-01,,,176941,19885,tt1475582\n"
        "2,Alien,movie,1979,completed,,2024-01-02,,,,348,tt0078748\n"
        "3,Aliens,movie,1986,plantowatch,,,,,,679,\n"
        "4,Completed,tv,2000,completed,,2024-01-01,,,1,1,\n"
    )
    episode, film = plays(_file(tmp_path / "s.csv", SIMKL + rows), "simkl")
    assert (episode.season, episode.episode) == ("1", "3")
    assert film.named.ids == {"simkl": "2", "tvdb": "", "tmdb": "348", "imdb": "tt0078748"}


def test_simkls_json_has_episodes_and_an_animes_numbers_are_of_its_entry(tmp_path: Path) -> None:
    seasons = [{"number": 1, "episodes": [{"number": 4, "watched_at": "2024-01-01T20:00:00Z"}]}]
    show = {"show": {"title": "S", "ids": {"simkl": 1, "tvdb": "9"}}, "seasons": seasons}
    movies = [
        {"status": "completed", "last_watched_at": None, "movie": {"title": "M", "ids": {}}},
        {"status": "plantowatch", "movie": {"title": "N"}},
    ]
    document = {"shows": [show], "anime": [show], "movies": movies}
    of_show, of_anime, film = plays(_file(tmp_path / "s.json", json.dumps(document)), "simkl")
    assert of_show.show is not None
    assert of_anime.show is not None
    assert of_show.show.ids == {"simkl": 1, "tvdb": "9"}
    assert of_anime.show.ids == {"simkl": 1}
    assert (film.named.title, film.watched_at) == ("M", None)


def test_of_ryot_what_was_seen_to_its_end_is_read(tmp_path: Path) -> None:
    seen = [
        {"progress": "100", "ended_on": "2024-01-01"},
        {"progress": 40, "ended_on": None},
    ]
    episode = {"progress": 100.0, "show_season_number": 1, "show_episode_number": 2}
    document = {
        "metadata": [
            {"lot": "Movie", "source": "Tmdb", "identifier": "348", "seen_history": seen},
            {"lot": "show", "source": "tmdb", "identifier": "9", "seen_history": [episode]},
            {"lot": "book", "source": "x", "identifier": "1", "seen_history": seen},
        ]
    }
    film, other = plays(_file(tmp_path / "r.json", json.dumps(document)), "ryot")
    assert (film.named.ids, film.watched_at) == ({"tmdb": "348"}, "2024-01-01")
    assert other.show is not None
    assert (other.show.ids, other.season, other.episode) == ({"tmdb": "9"}, 1, 2)


def test_a_file_of_another_format_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path / "diary.csv", LETTERBOXD)
    with pytest.raises(FileProblem, match="looks like a Letterboxd diary: use `watchledger import"):
        all_of(path, "trakt")


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    path = _file(tmp_path / "diary.csv", "Name,Year\n")
    with pytest.raises(FileProblem, match="Watched Date"):
        all_of(path, "letterboxd")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_other_encodings_and_delimiters_are_understood(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = f"{LETTERBOXD}2024-01-02,Amélie,2001,https://boxd.it/2,,,,2024-01-02\r\n"
    path = tmp_path / "diary.csv"
    path.write_bytes(text.replace(",", delimiter).encode(encoding))
    [found] = plays(path, "letterboxd")
    assert (found.named.title, found.where) == ("Amélie", "diary.csv, line 2")


def test_a_line_that_cant_be_read_holds_back_no_other(tmp_path: Path) -> None:
    good = "2024-01-02,Alien,1979,https://boxd.it/2,,,,2024-01-02\n"
    path = _file(tmp_path / "diary.csv", f"{LETTERBOXD}{good}{'x' * 200_000}\n{good}")
    assert [each.where for each in plays(path, "letterboxd")] == [
        "diary.csv, line 2",
        "diary.csv, line 4",
    ]
    [problem] = problems(path, "letterboxd")
    assert problem.where.startswith("diary.csv, line 3")
