"""Copy-on-write dictionaries: versions of one table that share what hasn't changed between them.

A directory that somebody reads is never changed: whoever goes on from it forks it. A fork copies
the table of references, and a value only once it is to be changed.
"""

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")


class ForkedDict(dict[str, V]):
    """A dictionary whose values other forks may hold, too; `copy` makes one that they don't.

    Who changes a value in place asks for it by `own`. Putting a new value under a key is always
    safe.
    """

    __slots__ = ("_copy", "_owned")

    def __init__(self, copy: Callable[[V], V]) -> None:
        super().__init__()
        self._copy = copy
        self._owned: set[str] | None = None  # all of them, as long as there is no fork

    def fork(self) -> "ForkedDict[V]":
        """The same values under the same keys; from here on each of the two goes its own way."""
        other = ForkedDict(self._copy)
        other.update(self)
        self._owned, other._owned = set(), set()
        return other

    def own(self, key: str) -> V:
        """The value of a key, to be changed. Raises KeyError."""
        value = self[key]
        if self._owned is not None and key not in self._owned:
            value = self[key] = self._copy(value)
            self._owned.add(key)
        return value
