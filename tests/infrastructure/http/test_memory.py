"""What a single request may cost in memory, whatever it says: a process answers, and is measured.

Each body goes to a process of its own, since memory that was given back is used again unseen.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic_core import to_json

from tests.crashes.services import Service, home_at

PEAK_MAX_BYTES = 64 * 1024 * 1024
BODY_MAX_BYTES = 8 * 1024 * 1024
STATUS = "/proc/{pid}/status"

pytestmark = pytest.mark.skipif(
    not Path(STATUS.format(pid="self")).exists(), reason="a process's memory is read from /proc"
)

MANY = {f"f{number}": 1 for number in range(300_000)}
ASTRAL = "😀"  # makes a character of any text that it is in four bytes


def filled(begin: str, each: str, end: str) -> bytes:
    """A document with as many of something as fit."""
    room = BODY_MAX_BYTES - len(begin.encode()) - len(end.encode())
    return f"{begin}{(each * (room // len(each.encode())))[:-1]}{end}".encode()


def long_text(begin: str, end: str) -> bytes:
    return filled(f'{begin}"{ASTRAL}', "a", f'a"{end}')


def watch(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": "watch", "item": "movie:a", **fields}


def movie(number: int) -> dict[str, Any]:
    """A film as a media server describes it."""
    return {
        "item": f"movie:{number:032x}",
        "parent": "movie_shelf:m",
        "title": f"A film of some length, number {number} of them, and its subtitle",
        "tags": ["drama", "crime", "2160p", "favourite"],
        "external_ids": {"imdb": f"tt{number:08}", "tmdb": str(number), "wiki": f"Q{number}"},
        "runtime_seconds": 5400.5,
        "year": 1999,
        "released_at": "1999-12-31T20:15:00Z",
    }


EVENTS: dict[str, Callable[[], bytes]] = {
    "300,000 unknown fields in an event": lambda: to_json({"events": [watch() | MANY]}),
    "300,000 unknown fields around events": lambda: to_json({"events": [watch()], **MANY}),
    "300 unknown fields in each event": lambda: to_json(
        {"events": [watch() | {f"f{each}": 1 for each in range(300)} for _ in range(1_000)]}
    ),
    "90 unknown fields in each event": lambda: to_json(
        {"events": [watch() | {f"f{each}": 1 for each in range(90)} for _ in range(1_000)]}
    ),
    "20,000 unknown fields in a small body": lambda: to_json(
        {"events": [{"type": "watch"} | dict.fromkeys(list(MANY)[:20_000], 1)]}
    ),
    "numbers for names": lambda: filled('{"events":[{"type":"watch","with":[', "1,", "]}]}"),
    "some numbers for names": lambda: to_json(
        {"events": [{"type": "watch", "with": [1] * 99_000}]}
    ),
    "arrays of nothing": lambda: filled('{"events":[', "[],", "]}"),
    "objects of nothing": lambda: filled('{"events":[', "{},", "]}"),
    "numbers for events": lambda: filled('{"events":[', "1,", "]}"),
    "an event that is one long text": lambda: long_text(
        '{"events":[{"type":"progress","x":', "}]}"
    ),
    "a long text around events": lambda: long_text('{"events":[],"x":', "}"),
    "a long name of a field": lambda: long_text('{"events":[{"type":"watch",', ":1}]}"),
    "1,000 good events": lambda: to_json({"events": [watch() for _ in range(1_000)]}),
}
ITEMS: dict[str, Callable[[], bytes]] = {
    "external ids that are none": lambda: to_json(
        {"items": [{"item": "movie:a", "external_ids": {f" {each}": [] for each in range(60_000)}}]}
    ),
    "numbers for tags": lambda: to_json({"items": [{"item": "movie:a", "tags": [1] * 150_000}]}),
    "a long title": lambda: long_text('{"items":[{"item":"movie:a","title":', "}]}"),
    "5,000 good items": lambda: to_json({"items": [movie(number) for number in range(5_000)]}),
}
LINKS: dict[str, Callable[[], bytes]] = {
    "a link that is one long text": lambda: long_text('{"links":[{"item":"movie:a","x":', "}]}"),
}
ONE: dict[str, Callable[[], bytes]] = {
    "300,000 unknown fields": lambda: to_json(MANY),
    "numbers for tags": lambda: filled('{"denied_tags":[', "1,", "]}"),
    "a long text": lambda: long_text('{"x":', "}"),
}
ASKED = [
    *(("POST", "/v1/events", what) for what in EVENTS.items()),
    *(("POST", "/v1/catalog/items", what) for what in ITEMS.items()),
    *(("POST", "/v1/catalog/links", what) for what in LINKS.items()),
    *(("PUT", "/v1/users/ann/access", what) for what in ONE.items()),
]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [(method, path, body) for method, path, (_, body) in ASKED],
    ids=[f"{path}: {name}" for _, path, (name, _) in ASKED],
)
def test_no_request_takes_more_than_64_mb(
    tmp_path: Path, method: str, path: str, content: Callable[[], bytes]
) -> None:
    body = content()
    assert len(body) <= BODY_MAX_BYTES
    with home_at(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as home:
        service = home.serve()
        with service.client() as client:
            ordinary = to_json({"events": [], "items": [], "links": []})
            assert client.request(method, path, content=ordinary).status_code in {400, 404}
            before = memory_bytes(service, "VmRSS")
            answer = client.request(method, path, content=body)
        taken = memory_bytes(service, "VmHWM") - before
    assert answer.status_code in {200, 400, 413}, answer.text[:200]
    assert len(answer.content) < 2_000_000
    assert taken < PEAK_MAX_BYTES


def memory_bytes(service: Service, what: str) -> int:
    """What the process holds (VmRSS), or has held at most (VmHWM)."""
    status = Path(STATUS.format(pid=service.process.pid)).read_text()
    [line] = [each for each in status.splitlines() if each.startswith(what)]
    return int(line.split()[1]) * 1024
