"""A PostgreSQL that stands still holds nobody for ever, and what was on its way is there once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from infrastructure.bootstrap import opened
from infrastructure.database.engine import make_engine, read_transaction
from infrastructure.database.patience import unhurried
from infrastructure.database.problems import DatabaseUnreachable
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.writer import Writer
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, event, problem, send, served
from tests.helpers.samples import append, statuses, watched
from tests.helpers.standstill import Way, way_to
from tests.helpers.wholeness import faults

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])

_ANSWER_SECONDS = 0.5
_PATIENCE_SECONDS = 20.0


@pytest.fixture
def way(database_url: str) -> Iterator[Way]:
    with way_to(make_url(database_url)) as found:
        yield found


@pytest.fixture
def hurried(way: Way) -> Iterator[Engine]:
    engine = make_engine(way.url, answer_seconds=_ANSWER_SECONDS, wait_seconds=2)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(hurried: Engine) -> Iterator[Writer]:
    writer = Writer(Ledger(hurried).append)
    assert writer.submit(append(watched())).result(_PATIENCE_SECONDS).position == 1
    yield writer
    writer.close()


@pytest.mark.parametrize("hold", [Way.hold_answers, Way.hold_all])
@pytest.mark.parametrize("count", [1, 3, 150])
def test_what_was_on_its_way_is_answered_and_recorded_once(
    way: Way, writer: Writer, engine: Engine, hold: Callable[[Way], None], count: int
) -> None:
    entries = [watched(submission_id=uuid4()) for _ in range(count)]
    hold(way)
    asked_at = monotonic()
    with pytest.raises(DatabaseUnreachable, match="stands still"):
        writer.submit(append(*entries)).result(_PATIENCE_SECONDS)
    assert monotonic() - asked_at < _ANSWER_SECONDS + 5
    way.go_on()
    again = writer.submit(append(*entries)).result(_PATIENCE_SECONDS)
    assert set(statuses(again)) <= {"recorded", "duplicate"}
    third = writer.submit(append(*entries)).result(_PATIENCE_SECONDS)
    assert statuses(third) == ["duplicate"] * count
    assert Ledger(engine).head().position == 1 + count
    assert faults(engine) == []


def test_the_writer_answers_all_who_wait_and_ends(way: Way, writer: Writer) -> None:
    way.hold_all()
    waiting = [writer.submit(append(watched())) for _ in range(5)]
    for each in waiting:
        with pytest.raises(DatabaseUnreachable):
            each.result(_PATIENCE_SECONDS)
    asked_at = monotonic()
    writer.close()
    assert monotonic() - asked_at < _PATIENCE_SECONDS


def test_who_reads_is_no_hostage_either(way: Way, hurried: Engine) -> None:
    with read_transaction(hurried) as connection:
        way.hold_answers()
        with pytest.raises(DatabaseUnreachable), read_transaction(hurried):
            pass
        way.go_on()
        assert connection.scalar(text("SELECT 1")) == 1


def test_what_may_take_long_is_waited_for(hurried: Engine) -> None:
    with unhurried(), read_transaction(hurried) as connection:
        connection.execute(text(f"SELECT pg_sleep({3 * _ANSWER_SECONDS})"))
    with pytest.raises(DatabaseUnreachable), read_transaction(hurried) as connection:
        connection.execute(text(f"SELECT pg_sleep({3 * _ANSWER_SECONDS})"))


@pytest.fixture
def api(way: Way, tmp_path: Path) -> Iterator[Api]:
    options = {
        "database_url": way.url.render_as_string(hide_password=False),
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "database_seconds_max": _ANSWER_SECONDS,
    }
    with opened(load_settings(options)) as services, served(services) as address:
        api = Api(address, "the-admin", services)
        yield api
        api.close()


@pytest.mark.long
def test_a_service_whose_database_stands_still_answers_and_goes_on_by_itself(
    api: Api, way: Way, engine: Engine
) -> None:
    tv = api.register("tv")
    api.place_movies("a")
    sent = [event("movie:a") for _ in range(8)]
    way.hold_all()
    with ThreadPoolExecutor(10) as threads:
        posted = [
            threads.submit(tv.post, "/v1/events", json={"events": [each]}, timeout=60)
            for each in sent
        ]
        read = threads.submit(tv.get, "/v1/device-users/tv/watched", timeout=60)
        ready = threads.submit(api.nobody.get, "/readyz", timeout=60)
        for each in (*posted, read):
            assert problem(each.result()) == (503, "database_unreachable")
    assert ready.result().status_code == 503
    assert ready.result().json()["database"] == "database_unreachable"
    way.go_on()
    results = send(tv, *sent)
    assert {result["status"] for result in results} <= {"recorded", "duplicate"}
    assert {result["status"] for result in send(tv, *sent)} == {"duplicate"}
    last = max(result["position"] for result in results)
    asked = {"after": last, "wait_seconds": 30}
    assert tv.get("/v1/device-users/tv/watched", params=asked, timeout=60).status_code == 200
    assert faults(engine) == []
