"""The stream head cache: where streams ended when this process last wrote.

So an append need not ask the database for them: as long as the ledger's head is where it was then,
nobody has written since, and all of it is still true. Who writes from memory says so to the
database, which holds the head against it.
"""

from collections.abc import Collection, Mapping
from threading import Lock
from typing import NamedTuple

from infrastructure.ledger.entries import Head, StreamHead


class Ends(NamedTuple):
    """Where the ledger ended, and where some of its streams did then."""

    head: Head
    streams: dict[str, StreamHead]


class StreamHeadCache:
    """The ends of streams as of one head. Safe to use from many threads."""

    def __init__(self, streams_max: int = 20_000) -> None:
        self._streams_max = streams_max
        self._ends = Ends(Head(0, 0, 0), {})
        self._lock = Lock()

    def ends(self, streams: Collection[str]) -> Ends:
        """Where those of these streams end that are remembered."""
        with self._lock:
            head, known = self._ends
            return Ends(head, {stream: known[stream] for stream in streams if stream in known})

    def learn(self, seen: Head, new: Head, streams: Mapping[str, StreamHead]) -> None:
        """Remember what was written: it moved the head from where it was seen."""
        with self._lock:
            goes_on = seen == self._ends.head
            known = self._ends.streams if goes_on else {}
            if len(known) + len(streams) > self._streams_max:
                known = {}
            known.update(streams)
            self._ends = Ends(new, known)
