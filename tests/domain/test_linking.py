"""Works: what is linked by hand, and what links itself by the ids of other catalogs (rule 24)."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from domain.catalog import Catalog
from domain.commands import LinkItems, PlaceItem
from domain.events import CatalogEvent, ItemHidden, ItemLinked, ItemUnlinked
from domain.external_ids import NAMESPACES
from domain.items import Kind
from domain.linking import link_items, unlink_item
from domain.matching import WORK_MAX
from domain.placing import place_items
from domain.rejection import Rejection

FILMS, UHD = "movie_shelf:films", "movie_shelf:uhd"
A, B, C = "movie:a", "movie:b", "movie:c"


class Library:
    """A catalog that goes on as items are sent to it, and the links of the last call."""

    def __init__(self, namespaces: tuple[str, ...] = NAMESPACES) -> None:
        self.catalog = Catalog()
        self._namespaces = namespaces

    def send(self, *items: dict[str, Any]) -> list[tuple[str, str]]:
        placing = place_items([PlaceItem(**each) for each in items], self.catalog, self._namespaces)
        assert not any(isinstance(each, Rejection) for each in placing.results)
        self.record(*placing.events)
        return links(placing.events)

    def record(self, *events: CatalogEvent) -> None:
        self.catalog = self.catalog.fork()
        for version, event in enumerate(events, start=self.catalog.version + 1):
            self.catalog.evolve(event, version, version)


def links(events: list[CatalogEvent]) -> list[tuple[str, str]]:
    return [(each.item, each.same_as) for each in events if isinstance(each, ItemLinked)]


def film(item: str, shelf: str = FILMS, **fields: Any) -> dict[str, Any]:
    ids = {name: fields.pop(name) for name in list(fields) if name in {*NAMESPACES, "plex"}}
    return {"item": item, "parent": shelf, "external_ids": ids, **fields}


@pytest.fixture
def library() -> Library:
    library = Library()
    library.send({"item": FILMS}, {"item": UHD})
    return library


def shelved(key: str, seasons: int, episodes: int, **ids: str) -> Iterator[dict[str, Any]]:
    """A show with numbered seasons and episodes, on a shelf of its own."""
    show = f"show:{key}"
    yield {"item": f"show_shelf:{key}"}
    yield {"item": show, "parent": f"show_shelf:{key}", "external_ids": ids}
    for season in range(1, seasons + 1):
        yield {"item": f"season:{key}-{season}", "parent": show, "index": season}
        for episode in range(1, episodes + 1):
            item = f"episode:{key}-{season}-{episode}"
            yield {"item": item, "parent": f"season:{key}-{season}", "index": episode}


# By hand.


def test_two_films_become_one_work_by_hand_and_again_changes_nothing(library: Library) -> None:
    library.send(film(A), film(B))
    link = LinkItems(item=A, same_as=B)
    events, results = link_items([link, link, LinkItems(item=B, same_as=A)], library.catalog)
    assert (events, results) == (
        [ItemLinked(item=A, same_as=B)],
        ["linked", "unchanged", "unchanged"],
    )
    library.record(*events)
    assert link_items([link], library.catalog) == ([], ["unchanged"])


def test_links_of_one_call_see_each_other(library: Library) -> None:
    library.send(film(A), film(B), film(C))
    chained = [
        LinkItems(item=A, same_as=B),
        LinkItems(item=C, same_as=B),
        LinkItems(item=A, same_as=C),
    ]
    assert link_items(chained, library.catalog).results == ["linked", "linked", "unchanged"]


@pytest.mark.parametrize(
    ("item", "same_as", "code"),
    [
        (A, A, "link_to_itself"),
        (A, "episode:e", "link_between_kinds"),
        (FILMS, UHD, "link_of_container"),
        (A, FILMS, "link_of_container"),
        (A, "movie:gone", "unknown_item"),
        ("movie:gone", A, "unknown_item"),
    ],
)
def test_what_can_not_be_one_work_is_rejected(
    library: Library, item: str, same_as: str, code: str
) -> None:
    library.send(film(A), film(B))
    links_ = [LinkItems(item=item, same_as=same_as), LinkItems(item=A, same_as=B)]
    bad, good = link_items(links_, library.catalog).results
    assert isinstance(bad, Rejection)
    assert (bad.code, good) == (code, "linked")


def test_unlinking_records_only_what_changes(library: Library) -> None:
    library.send(film(A), film(B))
    assert unlink_item(A, library.catalog) == []
    assert unlink_item(FILMS, library.catalog) == []
    library.record(ItemLinked(item=A, same_as=B))
    assert unlink_item(A, library.catalog) == [ItemUnlinked(item=A)]
    unknown = unlink_item("movie:gone", library.catalog)
    assert isinstance(unknown, Rejection)
    assert unknown.code == "unknown_item"


def test_what_differs_in_its_ids_is_linked_by_hand_all_the_same(library: Library) -> None:
    library.send(film(A, imdb="tt1"), film(B, imdb="tt2"))
    assert link_items([LinkItems(item=A, same_as=B)], library.catalog).results == ["linked"]


# By ids.


def test_a_film_on_two_shelves_is_one_work(library: Library) -> None:
    assert library.send(film(A, imdb="tt1")) == []
    assert library.send(film(B, UHD, imdb="tt1")) == [(B, A)]
    assert library.catalog.work(A) == (A, B)


def test_films_of_one_call_are_linked_with_each_other(library: Library) -> None:
    assert library.send(film(A, tmdb="1"), film(B, UHD, tmdb="1")) == [(A, B)]


def test_an_item_that_gets_its_id_later_is_linked_then(library: Library) -> None:
    library.send(film(A, imdb="tt1"), film(B, UHD))
    assert library.send(film(B, UHD, imdb="tt1")) == [(B, A)]


def test_an_id_that_was_taken_away_links_no_more(library: Library) -> None:
    library.send(film(A, imdb="tt1"))
    library.send({"item": A, "external_ids": None})
    assert library.send(film(B, UHD, imdb="tt1")) == []


def test_a_library_from_before_links_when_it_is_sent_again_unchanged(library: Library) -> None:
    films = (film(A, imdb="tt1", link=False), film(B, UHD, imdb="tt1", link=False))
    assert library.send(*films) == []
    again = [{**each, "link": True} for each in films]
    assert library.send(*again) == [(A, B)]
    assert library.send(*again) == []


def test_what_differs_in_another_namespace_is_not_linked(library: Library) -> None:
    library.send(film(A, imdb="tt1", tmdb="1"))
    assert library.send(film(B, imdb="tt1", tmdb="2")) == []


def test_what_differs_in_a_namespace_that_does_not_count_is_linked(library: Library) -> None:
    library.send(film(A, imdb="tt1", plex="x"))
    assert library.send(film(B, imdb="tt1", plex="y")) == [(B, A)]


def test_only_the_namespaces_of_the_setting_link() -> None:
    library = Library(namespaces=("plex",))
    library.send({"item": FILMS}, film(A, imdb="tt1", plex="x"))
    assert library.send(film(B, imdb="tt1")) == []
    assert library.send(film(C, imdb="tt2", plex="x")) == [(C, A)]


def test_namespaces_are_the_same_in_capitals(library: Library) -> None:
    library.send({"item": A, "parent": FILMS, "external_ids": {"Imdb": "tt1"}})
    assert library.send(film(B, imdb="tt1")) == [(B, A)]


@pytest.mark.parametrize("nothing", ["", " ", "0", "tt0000000", "-1", "None"])
def test_an_id_that_is_none_links_nothing(library: Library, nothing: str) -> None:
    assert library.send(film(A, imdb=nothing), film(B, imdb=nothing)) == []


def test_kinds_are_apart(library: Library) -> None:
    library.send(film(A, tmdb="1"))
    assert (
        library.send(
            {"item": "stream_source:s"},
            {"item": "streamable:s", "parent": "stream_source:s", "external_ids": {"tmdb": "1"}},
        )
        == []
    )


def test_what_was_unlinked_is_not_linked_again(library: Library) -> None:
    library.send(film(A, imdb="tt1"), film(B, UHD, imdb="tt1"))
    library.record(ItemUnlinked(item=A))
    assert library.send(film(A, imdb="tt1", title="A"), film(B, UHD, imdb="tt1")) == []


def test_a_hidden_file_that_came_back_under_another_key_is_one_work_with_it(
    library: Library,
) -> None:
    library.send(film(A, imdb="tt1"))
    library.record(ItemHidden(item=A))
    assert library.send(film(B, imdb="tt1")) == [(B, A)]


def test_what_is_sent_with_link_false_is_linked_by_nothing_in_that_call(library: Library) -> None:
    library.send(film(A, imdb="tt1"))
    assert library.send(film(B, imdb="tt1", link=False), film(C, imdb="tt1")) == [(C, A)]


def test_of_what_would_contradict_itself_in_one_work_the_first_has_it(library: Library) -> None:
    """B shares an id with A and one with C, which differ from each other."""
    library.send(film(A, imdb="tt1", tvdb="1"), film(C, tmdb="9", tvdb="2"))
    assert library.send(film(B, tmdb="9", imdb="tt1")) == [(B, A)], "imdb comes before tmdb"
    assert library.catalog.work(C) == (C,)


def test_two_works_that_meet_in_one_item_become_one(library: Library) -> None:
    library.send(film(A, imdb="tt1"), film(C, tmdb="9"))
    assert library.send(film(B, tmdb="9", imdb="tt1")) == [(B, A), (B, C)]
    assert library.catalog.work(C) == (A, B, C)


def test_an_id_that_a_hundred_items_share_is_none_of_a_work(library: Library) -> None:
    films = [film(f"movie:{number}", imdb="tt1") for number in range(WORK_MAX + 1)]
    assert library.send(*films) == []
    assert len(library.send(*(film(f"movie:{n}", tmdb="1") for n in range(200, 203)))) == 2


# Episodes by their numbers.


def test_episodes_of_the_same_number_are_linked_if_their_shows_share_an_id() -> None:
    library = Library()
    assert library.send(*shelved("hd", 2, 2, tvdb="7")) == []
    assert library.send(*shelved("uhd", 2, 2, tvdb="7")) == [
        (f"episode:uhd-{season}-{episode}", f"episode:hd-{season}-{episode}")
        for season in (1, 2)
        for episode in (1, 2)
    ]


def test_a_show_that_gets_its_ids_last_links_the_episodes_that_are_there() -> None:
    library = Library()
    library.send(*shelved("hd", 1, 2, tvdb="7"), *shelved("uhd", 1, 2))
    assert library.send({"item": "show:uhd", "external_ids": {"tvdb": "7"}}) == [
        (f"episode:uhd-1-{episode}", f"episode:hd-1-{episode}") for episode in (1, 2)
    ]


def test_a_season_that_gets_its_number_last_links_the_episodes_that_are_there() -> None:
    library = Library()
    library.send(*shelved("hd", 1, 1, tvdb="7"))
    unnumbered = [
        {**each, "index": None} if each["item"] == "season:uhd-1" else each
        for each in shelved("uhd", 1, 1, tvdb="7")
    ]
    assert library.send(*unnumbered) == []
    assert library.send({"item": "season:uhd-1", "index": 1}) == [
        ("episode:uhd-1-1", "episode:hd-1-1")
    ]


def test_an_episode_without_a_number_is_not_linked_by_it() -> None:
    library = Library()
    without = [
        {name: value for name, value in each.items() if name != "index"}
        for each in chain(shelved("hd", 1, 1, tvdb="7"), shelved("uhd", 1, 1, tvdb="7"))
    ]
    assert library.send(*without) == []


def test_episodes_of_shows_that_differ_in_an_id_are_not_linked() -> None:
    library = Library()
    library.send(*shelved("old", 1, 1, tmdb="7", tvdb="1"))
    assert library.send(*shelved("new", 1, 1, tmdb="7", tvdb="2")) == []


def test_episodes_that_differ_themselves_are_not_linked_by_their_number() -> None:
    """Two orders of the same show: its first episode is another in each."""
    library = Library()
    aired, dvd = (
        [
            {**each, "external_ids": {"tvdb": f"{key}"}} if "episode" in each["item"] else each
            for each in shelved(key, 1, 1, tvdb="7")
        ]
        for key in ("aired", "dvd")
    )
    library.send(*aired)
    assert library.send(*dvd) == []


def test_two_files_of_one_episode_in_a_show_are_one_work_if_the_show_is_known_by_an_id() -> None:
    double = {"item": "episode:double", "parent": "season:s-1", "index": 1}
    library = Library()
    assert library.send(*shelved("s", 1, 1, tvdb="7"), double) == [
        ("episode:s-1-1", "episode:double")
    ]
    library = Library()
    assert library.send(*shelved("s", 1, 1), double) == []


def test_a_show_that_is_sent_with_link_false_leaves_its_episodes_alone() -> None:
    library = Library()
    library.send(*shelved("hd", 1, 1, tvdb="7"))
    apart = [
        {**each, "link": False} if each["item"] == "show:uhd" else each
        for each in shelved("uhd", 1, 1, tvdb="7")
    ]
    assert library.send(*apart) == []


def test_an_episode_is_linked_when_it_moves_to_where_its_number_is_that_of_another() -> None:
    library = Library()
    library.send(*shelved("hd", 2, 1, tvdb="7"), *shelved("uhd", 2, 0, tvdb="7"))
    library.send({"item": "episode:x", "parent": "season:uhd-1", "index": 9})
    moved = {"item": "episode:x", "parent": "season:uhd-2", "index": 1}
    assert library.send(moved) == [("episode:x", "episode:hd-2-1")]


def test_shows_of_a_thousand_episodes_on_two_shelves_are_linked_in_one_call() -> None:
    library = Library()
    library.send(*shelved("hd", 10, 100, tvdb="7"))
    assert len(library.send(*shelved("uhd", 10, 100, tvdb="7"))) == 1_000


# What the decision leaves alone.


def test_deciding_changes_nothing_in_the_catalog_it_was_decided_on(library: Library) -> None:
    library.send(film(A, imdb="tt1"))
    catalog = library.catalog
    place_items([PlaceItem(**film(B, UHD, imdb="tt1"))], catalog)
    assert B not in catalog
    assert catalog.known_by(Kind.MOVIE, "imdb", "tt1") == (A,)
    later = catalog.fork()
    later.evolve(*_placed_elsewhere(B, catalog))
    assert later.above(B) == ((FILMS, catalog.version + 1),)


def _placed_elsewhere(item: str, catalog: Catalog) -> tuple[CatalogEvent, int, int]:
    [event] = place_items([PlaceItem(item=item, parent=FILMS)], catalog).events
    return event, catalog.version + 1, 99


def test_the_index_of_ids_is_each_forks_own(library: Library) -> None:
    library.send(film(A, imdb="tt1"))
    before = library.catalog
    library.send(film(B, UHD, imdb="tt1"), film(A, imdb="tt2"))
    assert before.known_by(Kind.MOVIE, "imdb", "tt1") == (A,)
    assert library.catalog.known_by(Kind.MOVIE, "imdb", "tt1") == (B,)
    assert library.catalog.known_by(Kind.MOVIE, "imdb", "tt2") == (A,)
