"""Keeps the garbage collector out of what makes many lasting objects and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG_MAX = 5_000
"""How many new objects come together before they are searched: seven times Python's own number."""


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


def leave_out_what_lasts() -> None:
    """For a service that is about to begin: what it is made of isn't searched, new objects seldom.

    Otherwise a tenth of its time goes into going through modules and the catalog again and again,
    since each batch of events makes thousands of objects, none of them in a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_MAX, *gc.get_threshold()[1:])
