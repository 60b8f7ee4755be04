"""A cached table: values by owner and item, read through from wherever they are kept.

The fold needs, of all that was ever said, only what the events at hand touch. So what it keeps is
loaded by key when it is first asked for, stays for the next page, and is written back as the last
value of each key that changed. Without a loader everything is in memory: a rebuild, a look back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Loader(Generic[V]):
    """How to get stored values: by key, all of an owner's, and which owners have an item."""

    by_key: Callable[[list[Key]], Mapping[Key, V]]
    by_owner: Callable[[list[str]], Mapping[Key, V]]
    owners: Callable[[list[str]], Iterable[str]]


class Row(dict[str, V | None], Generic[V]):
    """What an owner has, by item; what isn't here yet is loaded when it is asked for.

    Once the row `is_whole` it has everything.
    """

    __slots__ = ("_load", "_owner", "is_whole")

    def __init__(self, owner: str, load: Callable[[Iterable[Key]], None] | None) -> None:
        super().__init__()
        self._owner = owner
        self._load = load
        self.is_whole = load is None

    def __missing__(self, item: str) -> V | None:
        if self.is_whole or self._load is None:
            return None
        self._load([(self._owner, item)])
        return self[item]


class _Rows(dict[str, Row[V]]):
    __slots__ = ("_load",)

    def __init__(self, load: Callable[[Iterable[Key]], None] | None) -> None:
        super().__init__()
        self._load = load

    def __missing__(self, owner: str) -> Row[V]:
        row = self[owner] = Row(owner, self._load)
        return row


class CachedTable(Generic[V]):
    """A table of `V` by (owner, item); None is the value of what isn't there.

    `rows` are for those who ask much and change nothing. Without a loader nothing is stored
    anywhere else, and no changes are kept track of.
    """

    def __init__(self, loader: Loader[V] | None = None) -> None:
        self._loader = loader
        self.rows: _Rows[V] = _Rows(None if loader is None else self.prefetch)
        self._changed: set[Key] = set()
        self.size = 0

    def get(self, owner: str, item: str) -> V | None:
        """The value of a key, loaded if it isn't here yet; None if it has none."""
        return self.rows[owner][item]

    def put(self, owner: str, item: str, value: V | None) -> None:
        """Set the value of a key; None takes it away. It counts as changed, even if it is equal."""
        self.rows[owner][item] = value
        if self._loader is not None:
            self._changed.add((owner, item))

    def take_over(self, other: "CachedTable[V]", owner: str, item: str) -> None:
        """Have the value that another table has under a key."""
        value = other.get(owner, item)
        if self.get(owner, item) != value:
            self.put(owner, item, value)

    def prefetch(self, keys: Iterable[Key]) -> None:
        """Load what isn't here yet of these keys, in one go."""
        if self._loader is None:
            return
        rows = self.rows
        missing = [key for key in keys if key[1] not in (row := rows[key[0]]) and not row.is_whole]
        if missing:
            asked = set(missing)
            found = self._loader.by_key(list(asked))
            for owner, item in asked:
                rows[owner][item] = found.get((owner, item))
            self.size += len(asked)

    def prefetch_owners(self, owners: Iterable[str]) -> None:
        """Load everything that these owners have, in one go."""
        if self._loader is None:
            return
        rows = self.rows
        missing = [owner for owner in dict.fromkeys(owners) if not rows[owner].is_whole]
        if missing:
            for (owner, item), value in self._loader.by_owner(missing).items():
                rows[owner].setdefault(item, value)
                self.size += 1
            for owner in missing:
                rows[owner].is_whole = True

    def all_of(self, owner: str) -> dict[str, V]:
        """Everything an owner has."""
        self.prefetch_owners([owner])
        return {item: value for item, value in self.rows[owner].items() if value is not None}

    def owners(self, items: list[str]) -> set[str]:
        """Who has any of these items; possibly also some who no longer do."""
        stored = set() if self._loader is None else set(self._loader.owners(items))
        return stored | {
            owner
            for owner, row in self.rows.items()
            if any(row.get(item) is not None for item in items)
        }

    def items(self) -> Iterator[tuple[Key, V]]:
        """Everything that is in memory."""
        for owner, row in self.rows.items():
            for item, value in row.items():
                if value is not None:
                    yield (owner, item), value

    @property
    def changed(self) -> AbstractSet[Key]:
        """The keys that changed since their changes were last asked for."""
        return self._changed

    def changes(self) -> list[tuple[Key, V | None]]:
        """The last value of every key that changed since the last call, in order of key."""
        keys = sorted(self._changed)
        self._changed.clear()
        return [((owner, item), self.rows[owner][item]) for owner, item in keys]

    def fork(self) -> "CachedTable[V]":
        """A table that has what is in memory here; from here on each goes its own way."""
        other = CachedTable[V]()
        for owner, row in self.rows.items():
            other.rows[owner].update(row)
            other.size += len(row)
        return other

    def evict(self) -> None:
        """Let go of everything that is stored anyway. Nothing may be waiting to be written."""
        if self._changed:
            raise RuntimeError("changes would be lost")
        self.rows.clear()
        self.size = 0
