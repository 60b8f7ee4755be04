"""What becomes of items that are placed, hidden or restored."""

from typing import Any

from domain.catalog import Catalog
from domain.commands import PlaceItem
from domain.events import (
    CatalogEvent,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
)
from domain.placing import hide_item, place_items, restore_item
from domain.rejection import Rejection

SHELF = ItemPlaced(item="show_shelf:tv")
SHOW = ItemPlaced(item="show:lost", parent="show_shelf:tv", details=Details(title="Lost"))
OTHER = ItemPlaced(item="show_shelf:old")


def catalog_after(*events: CatalogEvent) -> Catalog:
    catalog = Catalog()
    for version, event in enumerate(events, start=1):
        catalog.evolve(event, version, version)
    return catalog


def place(catalog: Catalog, *items: dict[str, Any]) -> tuple[list[CatalogEvent], list[str]]:
    """The events, and each item's status or the code of its rejection."""
    placing = place_items([PlaceItem(**item) for item in items], catalog)
    results = [
        result.code if isinstance(result, Rejection) else result for result in placing.results
    ]
    return placing.events, results


def test_items_come_in_any_order_and_are_placed_parents_first() -> None:
    events, results = place(
        Catalog(),
        {"item": "show:lost", "parent": "show_shelf:tv"},
        {"item": "show_shelf:tv", "parent": None},
    )
    assert results == ["placed", "placed"]
    assert [event.item for event in events] == ["show_shelf:tv", "show:lost"]


def test_an_unchanged_item_records_nothing() -> None:
    catalog = catalog_after(SHELF, SHOW)
    item = {"item": "show:lost", "parent": "show_shelf:tv", "title": "Lost"}
    assert place(catalog, item) == ([], ["unchanged"])


def test_a_field_left_out_keeps_its_value_and_null_unsets_it() -> None:
    catalog = catalog_after(SHELF, SHOW)
    parent = "show_shelf:tv"
    index_only, _ = place(catalog, {"item": "show:lost", "parent": parent, "index": 3})
    assert index_only == [ItemDescribed(item="show:lost", details=Details(index=3, title="Lost"))]
    untitled, _ = place(catalog, {"item": "show:lost", "parent": parent, "title": None})
    assert untitled == [ItemDescribed(item="show:lost", details=Details())]


def test_null_unsets_tags_and_external_ids() -> None:
    details = Details(tags=("kids",), external_ids={"imdb": "tt1"})
    catalog = catalog_after(ItemPlaced(item="show_shelf:tv", details=details))
    item = {"item": "show_shelf:tv", "tags": None, "external_ids": None}
    assert place(catalog, item) == (
        [ItemDescribed(item="show_shelf:tv", details=Details())],
        ["changed"],
    )


def test_a_known_item_without_a_parent_stays_where_it_is() -> None:
    catalog = catalog_after(SHELF, SHOW)
    assert place(catalog, {"item": "show:lost", "title": "Lost"}) == ([], ["unchanged"])


def test_another_parent_is_a_move() -> None:
    catalog = catalog_after(SHELF, SHOW, OTHER)
    assert place(catalog, {"item": "show:lost", "parent": "show_shelf:old"}) == (
        [ItemMoved(item="show:lost", parent="show_shelf:old")],
        ["moved"],
    )


def test_a_hidden_item_comes_back_when_it_is_placed_again() -> None:
    catalog = catalog_after(SHELF, SHOW, ItemHidden(item="show:lost"))
    assert place(catalog, {"item": "show:lost", "parent": "show_shelf:tv"}) == (
        [ItemRestored(item="show:lost")],
        ["restored"],
    )


def test_of_several_changes_the_greatest_is_named() -> None:
    catalog = catalog_after(SHELF, SHOW, OTHER, ItemHidden(item="show:lost"))
    item = {"item": "show:lost", "parent": "show_shelf:old", "title": "LOST"}
    events, results = place(catalog, item)
    assert results == ["moved"]
    assert [type(event) for event in events] == [ItemMoved, ItemRestored, ItemDescribed]
    restored = {"item": "show:lost", "parent": "show_shelf:tv", "title": "LOST"}
    assert place(catalog, restored)[1] == ["restored"]


def test_the_same_item_twice_in_one_call_is_rejected_the_second_time() -> None:
    item = {"item": "show_shelf:tv", "parent": None}
    events, results = place(Catalog(), item, item)
    assert (len(events), results) == (1, ["placed", "repeated_item"])


def test_an_unknown_parent_is_rejected() -> None:
    item = {"item": "show:lost", "parent": "show_shelf:tv"}
    assert place(Catalog(), item) == ([], ["unknown_parent"])


def test_children_of_a_rejected_parent_are_rejected() -> None:
    _, results = place(
        Catalog(),
        {"item": "season:1", "parent": "show:lost"},
        {"item": "show:lost", "parent": "show_shelf:tv"},
    )
    assert results == ["unknown_parent", "unknown_parent"]


def test_children_of_a_known_parent_are_placed_though_its_change_is_rejected() -> None:
    catalog = catalog_after(SHELF, SHOW)
    _, results = place(
        catalog,
        {"item": "show:lost", "parent": "show_shelf:gone"},
        {"item": "season:1", "parent": "show:lost"},
    )
    assert results == ["unknown_parent", "placed"]


def test_a_parent_of_the_wrong_kind_is_rejected() -> None:
    catalog = catalog_after(SHELF, SHOW)
    _, results = place(
        catalog,
        {"item": "episode:1", "parent": "show:lost"},
        {"item": "movie_shelf:m", "parent": "show_shelf:tv"},
        {"item": "season:1", "parent": None},
    )
    assert results == ["wrong_parent_kind", "wrong_parent_kind", "parent_missing"]


def test_only_a_stream_source_says_whether_it_tracks_progress() -> None:
    events, results = place(
        Catalog(),
        {"item": "stream_source:tv", "tracks_progress": False},
        {"item": "movie_shelf:m", "tracks_progress": True},
    )
    assert results == ["placed", "misplaced_field"]
    assert [event.item for event in events] == ["stream_source:tv"]


def test_hiding_and_restoring_record_only_what_changes() -> None:
    shown, hidden = catalog_after(SHELF), catalog_after(SHELF, ItemHidden(item="show_shelf:tv"))
    assert hide_item("show_shelf:tv", shown) == [ItemHidden(item="show_shelf:tv")]
    assert hide_item("show_shelf:tv", hidden) == []
    assert restore_item("show_shelf:tv", hidden) == [ItemRestored(item="show_shelf:tv")]
    assert restore_item("show_shelf:tv", shown) == []


def test_what_the_catalog_does_not_know_is_neither_hidden_nor_restored() -> None:
    for decided in (hide_item("movie:x", Catalog()), restore_item("movie:x", Catalog())):
        assert isinstance(decided, Rejection)
        assert decided.code == "unknown_item"
