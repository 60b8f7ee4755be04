"""Event streams as a client reads them, over real HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import httpx

_COMMENTS_MAX = 2


class Event(NamedTuple):
    name: str
    id: int
    data: dict[str, Any]


def _event(block: list[str]) -> Event | None:
    fields = dict(line.split(": ", 1) for line in block)
    if "data" not in fields:
        return None
    return Event(fields["event"], int(fields["id"]), json.loads(fields["data"]))


class Stream:
    """What comes on a stream that is open."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def blocks(self) -> Iterator[list[str]]:
        """What comes between empty lines, comments too."""
        block: list[str] = []
        for line in self._lines:
            if line:
                block.append(line)
            elif block:
                yield block
                block = []

    def events(self) -> Iterator[Event]:
        """All that come until the stream ends."""
        yield from filter(None, map(_event, self.blocks()))

    def next(self) -> Event:
        """The next event; raises AssertionError if none comes."""
        for block in islice(self.blocks(), _COMMENTS_MAX):
            if (event := _event(block)) is not None:
                return event
        raise AssertionError("nothing was told for all this time")

    def next_comment(self) -> None:
        assert next(self.blocks()) == [": "]

    def has_ended(self) -> bool:
        """Whether nothing comes any more, the end of it all included."""
        return not list(self.events())


@contextmanager
def listening(
    client: httpx.Client, path: str, last_event_id: int | None = None
) -> Iterator[Stream]:
    """A stream that the server has begun: from here on all is told."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    with client.stream("GET", path, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer)
        stream.next_comment()
        yield stream
