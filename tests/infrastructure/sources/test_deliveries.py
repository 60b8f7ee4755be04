"""Deliveries are kept: what may be tried again at once, the rest soon, none of it for ever."""

from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, func, select

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.sources import deliveries
from infrastructure.sources.deliveries import RETRIED, Arrival, DeliveryLog, Place, Result
from infrastructure.sources.heard import Delivery
from infrastructure.sources.keeping import essence
from infrastructure.sources.schema import delivery

DAY_US = 24 * 3600 * 1_000_000
NOW_US = 1_800_000_000_000_000
HELD, TAKEN = Result("held", "nobody's"), Result("taken", positions=(7, 8))


@pytest.fixture
def log(engine: Engine) -> Iterator[DeliveryLog]:
    found = DeliveryLog(engine, CurrentDirectory(engine).latest)
    yield found
    found.close()


def arrival(number: int, *, at_us: int = NOW_US, source: str = "plex") -> Arrival:
    return Arrival(source, at_us + number, Delivery("text/plain", b"%d" % number), f"{number:064}")


def count(engine: Engine) -> int:
    with read_transaction(engine) as connection:
        return connection.execute(select(func.count()).select_from(delivery)).scalar_one()


def ids(log: DeliveryLog) -> list[int]:
    return [int(each.arrival.delivery.body) for each in log.kept("plex", RETRIED)]


def test_what_is_held_is_there_at_once_and_once(engine: Engine, log: DeliveryLog) -> None:
    for _ in range(3):
        log.add(arrival(1), HELD)
    log.add(arrival(1, source="other"), HELD)
    assert count(engine) == 2
    [shown] = log.page("plex", None, 10)
    assert (shown.tries, shown.reason, shown.status) == (3, "nobody's", "held")


def test_the_rest_is_written_by_itself_soon(engine: Engine, log: DeliveryLog) -> None:
    log.add(arrival(1), TAKEN)
    deadline = monotonic() + 30
    while not count(engine):
        assert monotonic() < deadline
        sleep(0.02)
    [shown] = log.page("plex", "taken", 10)
    assert shown.positions == (7, 8)


def test_what_waits_is_written_at_the_end(engine: Engine) -> None:
    log = DeliveryLog(engine, CurrentDirectory(engine).latest)
    log.add(arrival(1), TAKEN)
    log.close()
    assert count(engine) == 1


def test_only_the_newest_are_told_of_and_only_so_many_kept(
    log: DeliveryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_TOLD_MAX", 3)
    monkeypatch.setattr(deliveries, "KEPT_MAX", 2)
    for number in range(6):
        log.add(arrival(number), TAKEN)
        log.add(arrival(10 + number), HELD)
    log.add(arrival(30, source="other"), TAKEN)
    assert len(log.page("plex", "taken", 10)) == 3
    assert ids(log) == [14, 15]
    assert len(log.page("other", None, 10)) == 1


def test_what_is_old_goes(engine: Engine, log: DeliveryLog) -> None:
    log.add(arrival(1, at_us=NOW_US - 31 * DAY_US), HELD)
    log.add(arrival(2, at_us=NOW_US - 29 * DAY_US), HELD)
    log.add(arrival(3), HELD)
    assert ids(log) == [2, 3]
    assert count(engine) == 2


def test_what_is_settled_when_tried_again_loses_its_body(log: DeliveryLog) -> None:
    log.add(arrival(1), HELD)
    [kept] = log.kept("plex", RETRIED)
    log.retried(kept, TAKEN)
    assert ids(log) == []
    [shown] = log.page("plex", None, 10)
    assert (shown.status, shown.tries, shown.positions) == ("taken", 2, (7, 8))


def test_a_body_that_is_too_long_is_told_of_and_not_kept(log: DeliveryLog) -> None:
    long = Arrival("plex", NOW_US, Delivery("", b"x" * (2**20 + 1)), "0" * 64)
    log.add(long, Result("failed", "It isn't JSON."))
    [shown] = log.page("plex", None, 10)
    assert shown.reason == "It isn't JSON. It is too long to be kept."
    assert ids(log) == []


def test_pages_go_on_where_the_one_before_ended(log: DeliveryLog) -> None:
    for number in range(5):
        log.add(arrival(number // 2), TAKEN)
    found, after = [], None
    while page := log.page("plex", None, 2, after):
        found += page
        after = Place.of(page[-1])
    assert [each.id for each in found] == [5, 4, 3, 2, 1]


def test_the_same_said_in_another_form_is_the_same() -> None:
    def form(boundary: str, picture: bytes) -> Delivery:
        parts = (
            b'name="payload"\r\n\r\n{"event": "media.play"}',
            b'name="thumb"; filename="t.jpg"\r\n\r\n' + picture,
        )
        line = b"--" + boundary.encode() + b"\r\nContent-Disposition: form-data; "
        body = b"".join(line + part + b"\r\n" for part in parts)
        end = b"--" + boundary.encode() + b"--\r\n"
        return Delivery(f"multipart/form-data; boundary={boundary}", body + end)

    one, other = essence(form("a1", b"\xff\xd8")), essence(form("b2", b"\xff\xd9"))
    assert one == other
    assert essence(one) == one
    assert b"media.play" in one.body
    broken = Delivery("multipart/form-data; boundary=a1", b"--a1\r\n")
    assert essence(broken) == broken
