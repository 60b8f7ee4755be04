"""What a monitor is told, and whom it is told to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from domain.policy import Policy
from infrastructure.bootstrap import opened
from infrastructure.database.engine import write_transaction
from infrastructure.http.app import make_app
from infrastructure.ledger.recorder import now_us
from infrastructure.operations.metrics import Metrics
from infrastructure.operations.status import standing
from infrastructure.projecting.rebuilding.lock import is_locked, rebuild_lock
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.settings.settings import load_settings
from projections.bookmark import REBUILD, BookmarkState, put_bookmark
from tests.helpers.api import Api, event, problem, send, served

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
    }
    with opened(load_settings(options), projects=False) as services, served(services) as address:
        found = Api(address, "the-admin", services)
        yield found
        found.close()


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def told(api: Api) -> Samples:
    answer = api.admin.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"watchledger_{name}", tuple(sorted(labels.items()))]


def test_what_became_of_events_is_counted_and_how_long_it_took(api: Api) -> None:
    tv = api.register("tv")
    again = event()
    send(tv, again, event())
    send(tv, again, event(cduid="phone"))
    found = told(api)
    statuses = ("recorded", "duplicate", "rejected")
    counts = [value(found, "submissions_total", status=each) for each in statuses]
    assert counts == [2, 1, 1]
    assert value(found, "append_seconds_count") == 2
    assert value(found, "append_seconds_sum") > 0


def test_how_far_the_read_models_are_behind_is_told_in_events_and_seconds(api: Api) -> None:
    api.register("tv")
    found = told(api)
    assert value(found, "ledger_position") == value(found, "projection_lag_events") == 2
    assert value(found, "projected_position") == 0
    assert 0 < value(found, "projection_lag_seconds") < 60
    assert value(found, "projector_running") == 0
    assert value(found, "database_up") == 1


def test_requests_are_told_by_route_and_what_a_stranger_makes_up_is_no_series(api: Api) -> None:
    tv = api.register("tv")
    tv.get("/v1/device-users/tv/items/movie:a")
    for number in range(3):
        api.nobody.get(f"/made-up-{number}")
        api.nobody.request("PROPFIND", "/made-up")
    found = told(api)
    counted = {
        labels: count for (name, labels), count in found.items() if name.endswith("requests_total")
    }
    route = "/v1/device-users/{cduid}/items/{item}"
    assert [dict(labels)["status"] for labels in counted if ("route", route) in labels] == ["503"]
    assert value(found, "http_requests_total", method="other", route="none", status="404") == 6
    assert not any("made" in str(labels).lower() for labels in counted)
    assert value(found, "http_request_seconds_count", method="GET", route=route) == 1


def test_a_running_rebuild_tells_how_far_it_is(api: Api) -> None:
    engine = api.services.engine
    with write_transaction(engine) as connection:
        put_bookmark(connection, BookmarkState(1234, 0, Policy()), REBUILD)
    assert value(told(api), "rebuild_running") == 0  # what was killed left its bookmark behind
    with rebuild_lock(engine):
        found = told(api)
        assert value(found, "rebuild_running") == 1
        assert value(found, "rebuilt_position") == 1234
    assert value(told(api), "rebuild_running") == 0


def test_a_rebuild_notes_how_far_it_has_folded(api: Api) -> None:
    tv = api.register("tv")
    for _ in range(6):
        send(tv, *(event() for _ in range(1_000)))
    engine, heard = api.services.engine, []

    def look(_: int) -> None:
        heard.append(standing(engine, now_us()).rebuilt_position)

    position = rebuild(engine, Plan(projection_names([]), Policy()), on_events=look)
    assert (position, heard) == (6_002, [None, 5_000])
    found = standing(engine, now_us())
    assert (found.rebuilt_position, found.lag_events, found.lag_seconds) == (None, 0, 0.0)


def test_looking_for_a_claim_takes_none(engine: Engine) -> None:
    assert not is_locked(engine)
    with rebuild_lock(engine):
        assert is_locked(engine)
        assert is_locked(engine)
    assert not is_locked(engine)
    with rebuild_lock(engine):
        pass


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_database_that_is_away_is_told_and_nothing_fails(api: Api) -> None:
    path = Path(str(api.services.engine.url.database))
    path.rename(path.with_name("away"))
    api.services.engine.dispose()
    found = samples(Metrics(api.services).exposed().decode())
    assert value(found, "database_up") == 0
    assert ("watchledger_ledger_position", ()) not in found


@pytest.mark.parametrize("backend", ["sqlite"])
def test_two_applications_in_one_process_count_apart(api: Api) -> None:
    other = make_app(api.services)
    api.nobody.get("/readyz")
    found = samples(other.state.metrics.exposed().decode())
    assert not any(name.endswith("requests_total") for name, _ in found)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_metrics_are_the_admins(api: Api) -> None:
    assert problem(api.nobody.get("/metrics")) == (401, "token_missing")
    assert problem(api.client("wrong").get("/metrics")) == (401, "token_unknown")
    assert problem(api.register("tv").get("/metrics")) == (403, "admin_only")


def test_metrics_are_everybodys_if_the_settings_say_so(tmp_path: Path) -> None:
    options = {"data_dir": tmp_path, "metrics_public": True}
    with opened(load_settings(options), projects=False) as services, served(services) as address:
        api = Api(address, "unused", services)
        assert api.nobody.get("/metrics").status_code == 200
        api.close()
