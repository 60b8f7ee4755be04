"""Values are read through from where they are kept, once, and written as they last were."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.state.cached_table import CachedTable, Key, Loader


class Store:
    """Rows somewhere else, and how often they were asked for."""

    def __init__(self, rows: Mapping[Key, int]) -> None:
        self.rows = dict(rows)
        self.asked: list[list[Key] | list[str]] = []

    def keyed(self) -> CachedTable[int]:
        return CachedTable(Loader(self._by_key, self._by_owner, self._owners))

    def take(self, changes: Iterable[tuple[Key, int | None]]) -> None:
        for key, value in changes:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value

    def _by_key(self, keys: list[Key]) -> Mapping[Key, int]:
        self.asked.append(sorted(keys))
        return {key: self.rows[key] for key in keys if key in self.rows}

    def _by_owner(self, owners: list[str]) -> Mapping[Key, int]:
        self.asked.append(owners)
        return {key: value for key, value in self.rows.items() if key[0] in owners}

    def _owners(self, items: list[str]) -> Iterable[str]:
        return [owner for owner, item in self.rows if item in items]


@pytest.fixture
def store() -> Store:
    return Store({("ann", "x"): 1, ("ann", "y"): 2, ("bob", "x"): 3})


def test_a_value_is_loaded_when_it_is_first_asked_for_and_never_again(store: Store) -> None:
    keyed = store.keyed()
    assert [keyed.get("ann", "x"), keyed.get("ann", "x")] == [1, 1]
    assert store.asked == [[("ann", "x")]]


def test_that_something_is_not_there_is_remembered_too(store: Store) -> None:
    keyed = store.keyed()
    assert [keyed.get("ann", "z"), keyed.get("ann", "z")] == [None, None]
    assert len(store.asked) == 1


def test_what_was_put_is_not_loaded_over(store: Store) -> None:
    keyed = store.keyed()
    keyed.put("ann", "x", 7)
    keyed.put("ann", "y", None)
    keyed.prefetch([("ann", "x"), ("ann", "y")])
    keyed.prefetch_owners(["ann"])
    assert keyed.all_of("ann") == {"x": 7}


def test_prefetching_asks_once_for_many_and_only_for_what_is_missing(store: Store) -> None:
    keyed = store.keyed()
    keyed.prefetch([("ann", "x"), ("bob", "x"), ("ann", "x")])
    keyed.prefetch([("ann", "x"), ("ann", "y")])
    assert store.asked == [[("ann", "x"), ("bob", "x")], [("ann", "y")]]


def test_nothing_more_is_asked_about_an_owner_who_is_here_whole(store: Store) -> None:
    keyed = store.keyed()
    assert keyed.all_of("ann") == {"x": 1, "y": 2}
    keyed.prefetch([("ann", "z")])
    assert keyed.get("ann", "z") is None
    assert store.asked == [["ann"]]


def test_owners_are_those_stored_and_those_in_memory(store: Store) -> None:
    keyed = store.keyed()
    keyed.put("eve", "x", 4)
    keyed.put("dan", "x", None)
    assert keyed.owners(["x", "z"]) == {"ann", "bob", "eve"}


def test_changes_are_the_last_value_of_each_key_once_in_order(store: Store) -> None:
    keyed = store.keyed()
    keyed.put("bob", "x", 5)
    keyed.put("ann", "y", None)
    keyed.put("bob", "x", 6)
    assert keyed.changes() == [(("ann", "y"), None), (("bob", "x"), 6)]
    assert keyed.changes() == []


def test_what_is_not_written_yet_is_not_forgotten(store: Store) -> None:
    keyed = store.keyed()
    keyed.put("ann", "x", 9)
    with pytest.raises(RuntimeError):
        keyed.evict()
    store.take(keyed.changes())
    keyed.evict()
    assert keyed.size == 0
    assert keyed.get("ann", "x") == 9


names = st.sampled_from(["a", "b", "c"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), names, names, st.none() | st.integers(0, 9)),
        st.tuples(st.just("get"), names, names, st.none()),
        st.tuples(st.just("all"), names, names, st.none()),
        st.tuples(st.just("write"), names, names, st.none()),
        st.tuples(st.just("forget"), names, names, st.none()),
    )
)


@given(st.dictionaries(st.tuples(names, names), st.integers(0, 9)), steps)
def test_it_is_a_table_whatever_is_loaded_when(
    stored: dict[Key, int], steps: list[tuple[str, str, str, int | None]]
) -> None:
    store, table = Store(stored), dict(stored)
    keyed = store.keyed()
    for verb, owner, item, value in steps:
        match verb:
            case "put":
                keyed.put(owner, item, value)
                table.pop((owner, item), None)
                if value is not None:
                    table[owner, item] = value
            case "get":
                assert keyed.get(owner, item) == table.get((owner, item))
            case "all":
                expected = {key[1]: found for key, found in table.items() if key[0] == owner}
                assert keyed.all_of(owner) == expected
            case _:
                store.take(keyed.changes())
                assert store.rows == table
                if verb == "forget":
                    keyed.evict()
