"""The catalog's tree remembers where everything stood, and keeps what it has worked out right."""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog import FOR_EVER, Catalog
from domain.events import (
    CATALOG_STREAM,
    CatalogEvent,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnlinked,
    Recorded,
)
from domain.instants import to_us
from domain.items import is_watchable
from tests.reference.catalog import Catalog as ReferenceCatalog
from tests.reference.lives import life, lives
from tests.reference.steps import Step
from tests.reference.universe import ITEMS
from tests.reference.world import log_of

SHELF, SHOW = "show_shelf:tv", "show:expanse"
S1, S2, E1, E2 = "season:s1", "season:s2", "episode:e1", "episode:e2"
CLIPS, LIVE, TALK = "stream_source:clips", "stream_source:live", "streamable:talk"

BUILT: tuple[CatalogEvent, ...] = (
    ItemPlaced(item=SHELF),
    ItemPlaced(item=SHOW, parent=SHELF),
    ItemPlaced(item=S1, parent=SHOW),
    ItemPlaced(item=S2, parent=SHOW),
    ItemPlaced(item=E1, parent=S1),
    ItemPlaced(item=E2, parent=S1),
)
"""Up to version 6."""


def built(*events: CatalogEvent) -> Catalog:
    catalog = Catalog()
    for version, event in enumerate((*BUILT, *events), start=1):
        catalog.evolve(event, version, version)
    return catalog


def folded(log: list[Recorded]) -> Catalog:
    catalog = Catalog()
    for recorded in log:
        if isinstance(recorded.event, CatalogEvent):
            catalog.evolve(recorded.event, recorded.version, recorded.recorded_at_us)
    return catalog


def test_an_item_has_stood_under_a_container_since_the_newest_placement_between() -> None:
    catalog = built()
    assert catalog.above(E2) == ((S1, 6), (SHOW, 6), (SHELF, 6))
    assert catalog.above(S1) == ((SHOW, 3), (SHELF, 3))
    assert catalog.since(E2, S2) is None


def test_a_move_places_what_moves_anew_and_nothing_else() -> None:
    catalog = built(ItemMoved(item=E1, parent=S2))
    assert catalog.above(E1) == ((S2, 7), (SHOW, 7), (SHELF, 7))
    assert catalog.above(E2) == ((S1, 6), (SHOW, 6), (SHELF, 6))
    assert catalog.leaves(SHOW).items == [E2, E1]


def test_where_an_item_stood_before_a_move_is_remembered() -> None:
    catalog = built(ItemMoved(item=E1, parent=S2), ItemMoved(item=E1, parent=S1))
    assert catalog.spans(E1) == {
        S1: ((5, 7), (8, FOR_EVER)),
        S2: ((7, 8),),
        SHOW: ((5, 7), (7, 8), (8, FOR_EVER)),
        SHELF: ((5, 7), (7, 8), (8, FOR_EVER)),
    }
    assert [catalog.stood_under(E1, S1, version) for version in (4, 5, 6, 7, 8)] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_what_stands_below_a_container_that_moves_moves_with_it() -> None:
    other = "show:dark"
    catalog = built(ItemPlaced(item=other, parent=SHELF), ItemMoved(item=S1, parent=other))
    assert catalog.above(E1) == ((S1, 5), (other, 8), (SHELF, 8))
    assert catalog.stood_under(E1, SHOW, 7)
    assert not catalog.stood_under(E1, SHOW, 8)
    assert set(catalog.leaves_then(SHOW, 7)) == {E1, E2}
    assert catalog.leaves_then(SHOW, 8) == []
    assert catalog.leaves(SHOW).items == []


def test_a_mark_of_a_later_version_is_over_all_that_an_earlier_one_was_unless_something_left() -> (
    None
):
    catalog = built(ItemMoved(item=E1, parent=S2))
    assert catalog.kept_all(S1, 5, 6)
    assert not catalog.kept_all(S1, 6, 7)
    assert not catalog.kept_all(S1, 6, 5)
    assert catalog.kept_all(S2, 6, 7)


def test_a_container_is_meant_as_it_was_when_the_mark_was_made() -> None:
    catalog = built()
    assert catalog.meant_version(S1, at_us=5, version=6) == 5
    assert catalog.meant_version(S1, at_us=99, version=5) == 5
    assert catalog.meant_version(S1, at_us=2, version=6) == 6, "it didn't know the season yet"


def test_running_times_and_release_dates_are_known_at_every_version() -> None:
    soon = datetime(2030, 1, 1, tzinfo=UTC)
    catalog = built(
        ItemDescribed(item=E1, details=Details(runtime_seconds=1200.0)),
        ItemDescribed(item=E1, details=Details(runtime_seconds=1500.0, released_at=soon)),
    )
    assert [catalog.runtime_seconds(E1, version) for version in (4, 5, 7, 8)] == [
        None,
        None,
        1200.0,
        1500.0,
    ]
    assert [catalog.released_us(E1, version) for version in (7, 8)] == [None, to_us(soon)]
    assert not catalog.is_meant(E1, S1, 8, to_us(soon) - 1)
    assert catalog.leaves_meant(S1, 8, to_us(soon) - 1) == [E2]
    assert catalog.leaves_meant(S1, 8, to_us(soon)) == [E1, E2]


def test_linked_items_are_one_work_until_one_is_unlinked() -> None:
    links = (ItemLinked(item=E1, same_as=E2), ItemLinked(item=E2, same_as="episode:e3"))
    catalog = built(*links)
    assert catalog.work("episode:e3") == (E1, E2, "episode:e3")
    catalog.evolve(ItemUnlinked(item=E2), 9, 9)
    assert (catalog.work(E2), catalog.work(E1)) == ((E2,), (E1, "episode:e3"))
    assert catalog.were_parted(E1, E2)
    assert not catalog.were_parted(E1, "episode:e3")


def test_a_new_item_joins_the_lists_of_leaves_that_were_asked_for_before() -> None:
    catalog = built()
    before = [catalog.leaves(container).items for container in (S1, SHOW, SHELF)]
    catalog.evolve(ItemPlaced(item="episode:e3", parent=S1), 7, 7)
    assert before == [[E1, E2, "episode:e3"]] * 3
    assert catalog.leaves(SHOW).versions == [5, 6, 7]


@pytest.mark.parametrize("hidden", [SHELF, SHOW, S1, E1])
def test_what_is_hidden_hides_all_below_it_and_keeps_its_place(hidden: str) -> None:
    catalog = built(ItemHidden(item=hidden))
    assert not catalog.is_present(E1)
    assert catalog.leaves(SHELF).items == [E1, E2]
    catalog.evolve(ItemRestored(item=hidden), 8, 8)
    assert catalog.is_present(E1)
    assert catalog.since(E1, SHELF) == 5


def test_an_unknown_item_stands_nowhere_until_it_is_placed() -> None:
    catalog = built()
    ghost = "episode:ghost"
    assert (catalog.above(ghost), catalog.spans(ghost)) == ((), {})
    catalog.evolve(ItemPlaced(item=ghost, parent=S2), 7, 7)
    assert catalog.above(ghost) == ((S2, 7), (SHOW, 7), (SHELF, 7))
    assert catalog.stood_under(ghost, SHOW, 7)


def test_siblings_are_ordered_by_index_and_then_by_code_point() -> None:
    catalog = Catalog()
    keys = {"b": 1, "a": 1, "Z": 1, "c": None, "d": -1, "e10": 2, "e9": 2}
    for version, (key, index) in enumerate(keys.items(), start=1):
        catalog.evolve(
            ItemPlaced(item=f"movie_shelf:{key}", details=Details(index=index)), version, version
        )
    listed = [item.removeprefix("movie_shelf:") for item in catalog.children(None)]
    assert listed == ["d", "c", "Z", "a", "b", "e10", "e9"]


def test_whether_progress_counts_is_asked_of_the_source_at_the_time() -> None:
    catalog = Catalog()
    tracked, untracked = Details(tracks_progress=True), Details(tracks_progress=False)
    said: list[CatalogEvent] = [
        ItemPlaced(item=CLIPS),
        ItemPlaced(item=LIVE, details=untracked),
        ItemPlaced(item=TALK, parent=CLIPS),
        ItemDescribed(item=CLIPS, details=untracked),
        ItemDescribed(item=CLIPS, details=tracked),
        ItemMoved(item=TALK, parent=LIVE),
    ]
    for version, event in enumerate(said, start=1):
        catalog.evolve(event, version, version)
    counted = [catalog.tracks_progress(TALK, version) for version in range(1, 7)]
    assert counted == [True, True, True, False, True, False]


@given(lives())
def test_the_tree_is_the_reference_models_at_every_version(steps: list[Step]) -> None:
    check_tree(log_of(*steps))


def check_tree(log: list[Recorded]) -> None:
    catalog = folded(log)
    for version in range(1, catalog.version + 1):
        then = ReferenceCatalog(log, version)
        for item in ITEMS:
            stood = {above for above in ITEMS if catalog.stood_under(item, above, version)}
            assert stood == set(then.path(item)[1:])
    now = ReferenceCatalog(log, catalog.version)
    assert list(catalog.tree()) == now.walk()
    for item in now.items:
        assert [above for above, _ in catalog.above(item)] == now.path(item)[1:]
        assert all(
            since == max(now.placements(item, above)) for above, since in catalog.above(item)
        )
        assert sorted(catalog.leaves_at(item)) == sorted(now.leaves(item))
        assert catalog.is_present(item) == now.present(item)


@given(lives())
def test_what_stood_under_a_container_then_is_what_each_item_says(steps: list[Step]) -> None:
    catalog = folded(log_of(*steps))
    leaves = [item for item in catalog.nodes if is_watchable(item)]
    for container in catalog.nodes.keys() - leaves:
        for version in range(catalog.version + 1):
            assert sorted(catalog.leaves_then(container, version)) == sorted(
                leaf for leaf in leaves if catalog.stood_under(leaf, container, version)
            )


@given(lives(), st.integers(min_value=0, max_value=2**32).map(Random))
def test_what_was_asked_on_the_way_changes_no_answer(steps: list[Step], chance: Random) -> None:
    log = [each for each in log_of(*steps) if each.stream == CATALOG_STREAM]
    catalog = Catalog()
    for recorded in log:
        assert isinstance(recorded.event, CatalogEvent)
        catalog.evolve(recorded.event, recorded.version, recorded.recorded_at_us)
        for item in chance.sample(ITEMS, 5):
            catalog.above(item)
            catalog.spans(item)
            catalog.leaves_at(item)
    fresh = folded(log)
    for item in ITEMS:
        assert catalog.above(item) == fresh.above(item)
        assert catalog.spans(item) == fresh.spans(item)
        if item in fresh and not is_watchable(item):
            assert catalog.leaves(item) == fresh.leaves(item)


@pytest.mark.long
def test_the_tree_is_the_reference_models_for_a_thousand_lives() -> None:
    for seed in range(1_000):
        check_tree(log_of(*life(seed, 70)))


def test_leaves_are_listed_in_the_order_in_which_they_came() -> None:
    for seed in range(50):
        catalog = folded(log_of(*life(seed, 70)))
        for item in catalog.nodes:
            if not is_watchable(item):
                assert all(a <= b for a, b in pairwise(catalog.leaves(item).versions))


@given(seed=st.integers(0, 10_000), cut=st.floats(0, 1))
def test_a_fork_goes_on_without_changing_what_it_was_forked_from(seed: int, cut: float) -> None:
    log = [each for each in log_of(*life(seed, 40)) if isinstance(each.event, CatalogEvent)]
    middle = int(cut * len(log))
    early, late = log[:middle], log[middle:]
    forked = folded(early)
    asked = {item: (forked.above(item), forked.spans(item)) for item in forked.nodes}
    leaves = {item: forked.leaves(item).items[:] for item in forked.nodes if not is_watchable(item)}
    later = forked.fork()
    for recorded in late:
        assert isinstance(recorded.event, CatalogEvent)
        later.evolve(recorded.event, recorded.version, recorded.recorded_at_us)
        for item in later.nodes:
            later.above(item), later.spans(item)
    assert _told(later) == _told(folded(log))
    assert _told(forked) == _told(folded(early))
    assert asked == {item: (forked.above(item), forked.spans(item)) for item in forked.nodes}
    assert leaves == {item: forked.leaves(item).items for item in leaves}
    assert not any(forked.above(item) for item in later.nodes.keys() - forked.nodes.keys())


def _told(catalog: Catalog) -> tuple[object, ...]:
    containers = [item for item in catalog.nodes if not is_watchable(item)]
    return (
        catalog.version,
        catalog.nodes,
        list(catalog.tree()),
        {item: catalog.above(item) for item in catalog.nodes},
        {item: catalog.spans(item) for item in catalog.nodes},
        {item: catalog.leaves(item) for item in containers},
        {item: catalog.ever_under(item) for item in containers},
        {item for item in catalog.nodes if catalog.is_present(item)},
    )
