"""Which item a client means by what it calls it, and what is placed where there is none."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog import Catalog
from domain.commands import PlaceItem
from domain.events import CatalogEvent, ItemHidden, ItemLinked
from domain.items import Kind, kind_of
from domain.placing import hide_item, place_items
from domain.references import Reference
from domain.rejection import Rejection
from domain.resolving import Resolver
from domain.standing_in import Shelf, Shelving, stand_in, stand_in_all
from domain.titles import split_title

FILMS, UHD, SERIES = "movie_shelf:films", "movie_shelf:uhd", "show_shelf:series"
SHELVING = Shelving(Shelf("movie_shelf:plex", "Plex"), Shelf("show_shelf:plex", "Plex"))


class Library:
    """A catalog that goes on as items are sent to it and clients tell of others."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        self._position = 100
        self.send({"item": FILMS}, {"item": UHD}, {"item": SERIES})

    def send(self, *items: dict[str, Any]) -> list[CatalogEvent]:
        placing = place_items([PlaceItem(**each) for each in items], self.catalog)
        assert not any(isinstance(each, Rejection) for each in placing.results)
        self.record(placing.events)
        return placing.events

    def record(self, events: list[CatalogEvent]) -> None:
        for event in events:
            self._position += 1
            self.catalog.evolve(event, self.catalog.version + 1, 0, self._position)

    def hear(self, **reference: Any) -> str:
        found = stand_in(Reference(**reference), self.catalog, SHELVING)
        assert not isinstance(found, Rejection)
        self.record(found.events)
        return found.item

    def find(self, *shelves: str, **reference: Any) -> str:
        """The item, or the code of the rejection."""
        found = Resolver(self.catalog, shelves=shelves).resolve(Reference(**reference))
        return found.code if isinstance(found, Rejection) else found

    def film(self, key: str, title: str, year: int | None = None, **fields: Any) -> None:
        shelf, ids = fields.pop("shelf", FILMS), fields
        item = {"item": f"movie:{key}", "parent": shelf, "title": title, "year": year}
        self.send({**item, "external_ids": ids})

    def show(self, key: str, title: str, *numbers: tuple[int, int], **fields: Any) -> None:
        show, year = f"show:{key}", fields.pop("year", None)
        named = {"title": title, "year": year, "external_ids": fields}
        self.send({"item": show, "parent": SERIES, **named})
        for season, episode in numbers:
            within = f"season:{key}-{season}"
            self.send({"item": within, "parent": show, "index": season})
            item = f"episode:{key}-{season}-{episode}"
            self.send({"item": item, "parent": within, "index": episode})


@pytest.fixture
def library() -> Library:
    return Library()


def movie(**named: Any) -> dict[str, Any]:
    return {"kind": "movie", **named}


def episode(season: int, number: int, show: dict[str, Any], **named: Any) -> dict[str, Any]:
    return {"kind": "episode", "season": season, "episode": number, "show": show, **named}


# By number and ids.


def test_an_item_is_found_by_its_own_number(library: Library) -> None:
    library.film("heat", "Heat", 1995)
    number = library.catalog.nodes["movie:heat"].number
    assert library.find(**movie(ids={"watchledger": number})) == "movie:heat"
    assert library.find(kind="show", ids={"watchledger": number}) == "unresolved"


def test_a_number_of_something_else_is_passed_over(library: Library) -> None:
    library.film("up", "Up", 2009, imdb="tt1049413")
    library.film("heat", "Heat", 1995, imdb="tt0113277")
    number = library.catalog.nodes["movie:up"].number
    told = movie(ids={"watchledger": number, "imdb": "tt0113277"})
    assert library.find(**told) == "movie:heat"
    assert library.find(**movie(title="Heat", year=1995, ids={"watchledger": number})) == (
        "movie:heat"
    )


def test_any_of_its_ids_finds_a_film_whatever_it_is_called(library: Library) -> None:
    library.film("heat", "Heat", 1995, imdb="tt0113277", tmdb="949")
    assert library.find(**movie(title="Hitze", ids={"TMDB": 949})) == "movie:heat"
    assert library.find(**movie(title="Heat", year=1996, ids={"imdb": "tt9"})) == "unresolved"


def test_an_id_of_a_film_that_is_called_and_dated_otherwise_is_passed_over(
    library: Library,
) -> None:
    library.film("up", "Up", 2009, imdb="tt1049413")
    library.film("arrival", "Arrival", 2016, imdb="tt2543164")
    told = movie(title="Arrival", year=2016, ids={"imdb": "tt1049413"})
    assert library.find(**told) == "movie:arrival"


def test_an_episodes_tmdb_id_that_is_some_films_is_passed_over(library: Library) -> None:
    library.film("heat", "Heat", 1995, tmdb="949")
    library.show("sherlock", "Sherlock", (1, 2), tvdb="176941")
    told = episode(1, 2, {"title": "Sherlock"}, ids={"tmdb": "949"})
    assert library.find(**told) == "episode:sherlock-1-2"


def test_an_episodes_id_of_another_show_is_passed_over(library: Library) -> None:
    library.show("lost", "Lost", (1, 1))
    library.show("sherlock", "Sherlock", (1, 2))
    library.send({"item": "episode:lost-1-1", "external_ids": {"tvdb": "7"}})
    told = episode(1, 2, {"title": "Sherlock"}, ids={"tvdb": "7"})
    assert library.find(**told) == "episode:sherlock-1-2"


def test_an_id_says_which_episode_where_numbers_are_counted_otherwise(library: Library) -> None:
    library.show("naruto", "Naruto", (2, 3))
    library.send({"item": "episode:naruto-2-3", "external_ids": {"tvdb": "9"}})
    told = episode(1, 38, {"title": "Naruto"}, ids={"tvdb": "9"})
    assert library.find(**told) == "episode:naruto-2-3"


def test_ids_that_say_two_films_are_decided_by_the_rest_or_not_at_all(library: Library) -> None:
    library.film("heat", "Heat", 1995, imdb="tt0113277")
    library.film("ronin", "Ronin", 1998, tmdb="8195")
    ids = {"imdb": "tt0113277", "tmdb": "8195"}
    assert library.find(**movie(ids=ids)) == "ambiguous"
    assert library.find(**movie(ids=ids, title="Ronin", year=1998)) == "movie:ronin"


# By show and numbers.


@pytest.mark.parametrize("show", [{"title": "SHERLOCK"}, {"ids": {"tvdb": 176941}}])
def test_an_episode_is_found_by_its_show_and_numbers(
    library: Library, show: dict[str, Any]
) -> None:
    library.show("sherlock", "Sherlock", (0, 1), (1, 2), tvdb="176941", year=2010)
    assert library.find(**episode(1, 2, show)) == "episode:sherlock-1-2"
    assert library.find(**episode(0, 1, show)) == "episode:sherlock-0-1"
    assert library.find(kind="season", show=show, season=1) == "season:sherlock-1"
    assert library.find(**episode(1, 9, show)) == "unresolved"
    assert library.find(**episode(9, 1, show)) == "unresolved"


def test_two_shows_of_one_title_are_ambiguous_without_a_year(library: Library) -> None:
    library.show("bsg78", "Battlestar Galactica", (1, 1), year=1978)
    library.show("bsg03", "Battlestar Galactica", (1, 1), (3, 1), year=2003)
    assert library.find(**episode(3, 1, {"title": "Battlestar Galactica"})) == "ambiguous"
    told = {"title": "Battlestar Galactica (2003)"}
    assert library.find(**episode(3, 1, told)) == "episode:bsg03-3-1"
    told_apart = {"title": "Battlestar Galactica", "year": 1978}
    assert library.find(**episode(1, 1, told_apart)) == "episode:bsg78-1-1"


def test_one_show_on_two_shelves_is_found_on_the_one_that_is_preferred(library: Library) -> None:
    library.send({"item": "show_shelf:zoo"})
    library.show("a", "Bluey", (1, 1), tvdb="353546")
    library.show("b", "Bluey", (1, 1), tvdb="353546")
    library.send({"item": "show:b", "parent": "show_shelf:zoo"})
    told = episode(1, 1, {"title": "Bluey"})
    assert library.find(**told) == "episode:a-1-1"
    assert library.find("show_shelf:zoo", **told) == "episode:b-1-1"


# By title and year.


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("The Third Man", "third man"),
        ("The Third Man", "Third Man, The"),
        ("Amélie", "AMELIE"),
        ("Schindler's List", "Schindlers List"),
        ("Fast & Furious", "Fast and Furious"),
        ("WALL·E", "Wall-E"),
        ("Se7en", "se7en!"),
        ("Mission: Impossible", "Mission Impossible"),
        ("機動警察パトレイバー", "機動警察パトレイバー"),
        ("???", "???"),
    ],
)
def test_titles_are_one_without_case_accents_articles_and_punctuation(
    library: Library, title: str, other: str
) -> None:
    library.film("it", title, 1990)
    assert library.find(**movie(title=other, year=1990)) == "movie:it"


@pytest.mark.parametrize(("title", "other"), [("A", "The"), ("Up", "Us"), ("2012", "2010")])
def test_short_titles_stay_apart(title: str, other: str) -> None:
    assert split_title(title).key != split_title(other).key


def test_a_year_may_be_off_by_one_and_the_exact_one_is_better(library: Library) -> None:
    library.film("emma", "Emma", 2020)
    assert library.find(**movie(title="Emma", year=2019)) == "movie:emma"
    assert library.find(**movie(title="Emma", year=2018)) == "unresolved"
    library.film("emma19", "Emma", 2019)
    assert library.find(**movie(title="Emma", year=2019)) == "movie:emma19"
    assert library.find(**movie(title="Emma", year=2021)) == "movie:emma"
    assert library.find(**movie(title="Emma")) == "ambiguous"


def test_what_is_linked_is_one_and_what_is_there_comes_before_what_is_hidden(
    library: Library,
) -> None:
    library.film("heat", "Heat", 1995, imdb="tt0113277")
    library.film("heat4k", "Heat", 1995, imdb="tt0113277", shelf=UHD)
    assert library.find(**movie(title="Heat")) == "movie:heat"
    assert library.find(UHD, **movie(title="Heat")) == "movie:heat4k"
    hidden = hide_item("movie:heat", library.catalog)
    assert not isinstance(hidden, Rejection)
    library.record(hidden)
    assert library.find(**movie(title="Heat")) == "movie:heat4k"


def test_what_may_not_be_seen_is_not_found(library: Library) -> None:
    library.film("heat", "Heat", 1995, imdb="tt0113277")
    resolver = Resolver(library.catalog, lambda item: item != "movie:heat")
    for told in (movie(title="Heat"), movie(ids={"imdb": "tt0113277"})):
        found = resolver.resolve(Reference(**told))
        assert isinstance(found, Rejection)
        assert found.code == "unresolved"
        assert "movie:heat" not in found.detail


# Standing in.


def test_a_film_that_no_library_has_is_placed_by_its_best_id(library: Library) -> None:
    told = movie(title="Arrival", year=2016, ids={"tmdb": "329865", "imdb": "tt2543164"})
    assert library.hear(**told) == "movie:imdb-tt2543164"
    node = library.catalog.nodes["movie:imdb-tt2543164"]
    assert (node.parent, node.stands_in) == ("movie_shelf:plex", True)
    assert library.hear(**movie(title="Arrival", year=2016)) == "movie:imdb-tt2543164"


def test_a_film_may_come_as_one_id_and_an_episode_without_its_show_may_not(
    library: Library,
) -> None:
    assert library.hear(**movie(ids={"tmdb": 949})) == "movie:tmdb-949"
    lonely = Reference(kind=Kind.EPISODE, ids={"tvdb": "7"})
    found = stand_in(lonely, library.catalog, SHELVING)
    assert isinstance(found, Rejection)
    assert found.code == "unresolved"


def test_an_episode_is_placed_with_its_show_and_season_once(library: Library) -> None:
    sherlock = {"title": "Sherlock", "ids": {"plex": "plex://show/5d9c"}}
    first = library.hear(**episode(1, 2, sherlock, title="The Blind Banker"))
    assert first == "episode:sherlock.s01e02"
    assert library.hear(**episode(1, 3, {"title": "Sherlock", "year": 2010})) == (
        "episode:sherlock.s01e03"
    )
    assert len([each for each in library.catalog.nodes if kind_of(each) is Kind.SHOW]) == 1
    assert library.catalog.nodes[first].details.title == "The Blind Banker"


def test_what_many_refer_to_at_once_is_placed_once(library: Library) -> None:
    told = [
        Reference(**episode(1, 1, {"title": "Lost"})),
        Reference(**episode(1, 1, {"title": "lost"})),
        Reference(**episode(1, 2, {"title": "The Lost"})),
        Reference(kind=Kind.EPISODE, ids={"tvdb": "7"}),
    ]
    events, items = stand_in_all(told, library.catalog, SHELVING)
    assert len(events) == len({getattr(event, "item", None) for event in events}) == 5
    assert items[0] == items[1] == "episode:lost.s01e01"
    assert isinstance(items[3], Rejection)
    assert "show_shelf:plex" not in library.catalog


def test_an_ambiguous_film_is_never_placed(library: Library) -> None:
    library.film("a", "Emma", 1996)
    library.film("b", "Emma", 2020)
    found = stand_in(Reference(**movie(title="Emma")), library.catalog, SHELVING)
    assert isinstance(found, Rejection)
    assert found.code == "ambiguous"
    assert "movie:a, movie:b" in found.detail


def test_a_key_that_is_somebody_elses_is_not_taken(library: Library) -> None:
    library.send({"item": "movie:heat-1995", "parent": FILMS, "title": "Fire"})
    item = library.hear(**movie(title="Heat", year=1995))
    assert item.startswith("movie:heat-1995~")


def test_a_long_title_makes_a_key_that_is_one(library: Library) -> None:
    item = library.hear(**movie(title="x" * 900))
    assert PlaceItem(item=item).item == item
    assert library.hear(**movie(title="X" * 900)) == item


# Once a library lists it.


def test_a_listed_film_takes_the_place_of_what_stood_in(library: Library) -> None:
    stood_in = library.hear(**movie(title="Arrival", year=2016, ids={"plex": "plex://movie/1"}))
    events = library.send({"item": "movie:x", "parent": FILMS, "title": "Arrival", "year": 2016})
    assert events[1:] == [
        ItemLinked(item="movie:x", same_as=stood_in),
        ItemHidden(item=stood_in),
    ]
    assert library.hear(**movie(title="Arrival")) == "movie:x"


def test_a_listed_show_takes_the_place_of_all_that_stood_in(library: Library) -> None:
    told = {"title": "Sherlock", "ids": {"plex": "plex://show/5d9c"}}
    for number in (1, 2, 3):
        library.hear(**episode(1, number, told))
    library.show("s", "Sherlock", (1, 1), (1, 2), tvdb="176941", year=2010)
    hidden = library.catalog.hidden
    assert hidden == {"episode:sherlock.s01e01", "episode:sherlock.s01e02"}
    assert library.hear(**episode(1, 1, told)) == "episode:s-1-1"
    assert library.hear(**episode(1, 3, told)) == "episode:sherlock.s01e03"
    library.send({"item": "episode:s-1-3", "parent": "season:s-1", "index": 3})
    assert {"season:sherlock.s01", "show:sherlock"} <= hidden
    assert library.hear(**episode(1, 3, told)) == "episode:s-1-3"


def test_an_episode_that_stood_in_within_a_listed_show_is_replaced(library: Library) -> None:
    library.show("s", "Sherlock", (1, 1))
    stood_in = library.hear(**episode(1, 2, {"title": "Sherlock"}))
    assert library.catalog.nodes[stood_in].parent == "season:s-1"
    library.send({"item": "episode:s-1-2", "parent": "season:s-1", "index": 2})
    assert library.catalog.hidden == {stood_in}
    assert library.catalog.work(stood_in) == ("episode:s-1-2", stood_in)


def test_what_may_stand_in_for_two_stands_in_for_none(library: Library) -> None:
    library.hear(**movie(title="Emma"))
    library.send(
        {"item": "movie:a", "parent": FILMS, "title": "Emma", "year": 1996},
        {"item": "movie:b", "parent": FILMS, "title": "Emma", "year": 2020},
    )
    assert not library.catalog.hidden


def test_what_a_library_lists_under_the_very_key_stands_in_no_longer(library: Library) -> None:
    library.hear(**movie(title="Heat", year=1995, ids={"tmdb": "949"}))
    library.send({"item": "movie:tmdb-949", "parent": FILMS, "title": "Heat", "year": 1995})
    library.film("heat4k", "Heat", 1995, tmdb="949", shelf=UHD)
    assert not library.catalog.hidden
    assert library.catalog.work("movie:heat4k") == ("movie:heat4k", "movie:tmdb-949")


# Against random catalogs, with ids that are wrong, missing and contradict each other.

TITLES = ["Emma", "The Emma", "Heat", "Up"]
YEARS = [None, 1995, 1996, 2020]
some_ids = st.dictionaries(st.sampled_from(["imdb", "tmdb", "plex"]), st.sampled_from("123"))


@st.composite
def libraries(draw: st.DrawFn) -> Library:
    library = Library()
    for number in range(draw(st.integers(0, 6))):
        shelf = draw(st.sampled_from([FILMS, UHD]))
        title, year = draw(st.sampled_from(TITLES)), draw(st.sampled_from(YEARS))
        library.film(str(number), title, year, shelf=shelf, **draw(some_ids))
    for number in range(draw(st.integers(0, 3))):
        numbers = draw(st.sets(st.tuples(st.integers(0, 1), st.integers(1, 2)), max_size=3))
        title, year = draw(st.sampled_from(TITLES)), draw(st.sampled_from(YEARS))
        library.show(f"t{number}", title, *sorted(numbers), year=year, **draw(some_ids))
    return library


@st.composite
def references(draw: st.DrawFn) -> Reference:
    named: dict[str, Any] = {
        "title": draw(st.sampled_from(TITLES)),
        "year": draw(st.sampled_from(YEARS)),
    }
    ids = draw(some_ids)
    if draw(st.booleans()):
        return Reference(kind=Kind.MOVIE, ids=ids, **named)
    show = {"ids": draw(some_ids), **named}
    return Reference(**episode(draw(st.integers(0, 1)), draw(st.integers(1, 2)), show, ids=ids))


@given(libraries(), references())
@settings(max_examples=200, deadline=None)
def test_whatever_is_found_is_of_the_kind_and_is_named_so(
    library: Library, reference: Reference
) -> None:
    found = Resolver(library.catalog).resolve(reference)
    if isinstance(found, Rejection):
        return
    work = [library.catalog.nodes[each] for each in library.catalog.work(found)]
    assert kind_of(found) is reference.kind
    shares_an_id = any(
        reference.ids.items() & dict(each.details.external_ids).items() for each in work
    )
    if reference.kind is Kind.EPISODE:
        seasons = [library.catalog.nodes[each.parent or ""] for each in work]
        numbers = {(s.details.index, e.details.index) for s, e in zip(seasons, work, strict=True)}
        assert shares_an_id or (reference.season, reference.episode) in numbers
    else:
        titles = {split_title(each.details.title or "").key for each in work}
        assert shares_an_id or split_title(reference.title or "").key in titles


@given(libraries(), st.lists(references(), min_size=1, max_size=4), st.randoms())
@settings(max_examples=150, deadline=None)
def test_what_was_placed_is_found_again_in_whatever_order_it_is_asked_for(
    library: Library, told: list[Reference], random: Any
) -> None:
    events, items = stand_in_all(told, library.catalog, SHELVING)
    library.record(events)
    again = list(zip(told, items, strict=True))
    random.shuffle(again)
    for reference, item in again:
        found = stand_in(reference, library.catalog, SHELVING)
        if isinstance(found, Rejection):
            # What came later may be called the same: then nobody knows any more which is meant.
            assert found.code == "ambiguous" or isinstance(item, Rejection)
        else:
            assert not found.events
            assert isinstance(item, Rejection) or kind_of(found.item) is kind_of(item)


def test_a_look_up_walks_over_no_catalog(library: Library) -> None:
    asked: list[str] = []

    class Counting(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            asked.append(key)
            return super().__getitem__(key)

    for number in range(2_000):
        library.film(f"f{number}", f"Film {number}", 1990, imdb=f"tt{number}")
    library.show("lost", "Lost", (1, 1), tvdb="73739")
    library.catalog.nodes = Counting(library.catalog.nodes)  # type: ignore[assignment]
    for told in (
        movie(ids={"imdb": "tt77"}),
        movie(title="Film 77", year=1990),
        movie(title="Nowhere", year=1990),
        episode(1, 1, {"title": "Lost"}),
    ):
        library.find(**told)
    assert len(asked) < 100
