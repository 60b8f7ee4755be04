"""Keeps the garbage collector out of what makes many lasting objects and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Nothing that a fold keeps is cyclic, and looking for cycles in millions of tuples is slow.

    It is off for all threads meanwhile. Where two of them overlap it may come back early: that
    costs time, nothing else.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
