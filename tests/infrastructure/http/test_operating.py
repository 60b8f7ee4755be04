"""What operators and their tools see: health, readiness, request ids, the API's own description."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from domain.events import ItemPlaced
from infrastructure.bootstrap import opened
from infrastructure.database.engine import write_transaction
from infrastructure.http.app import make_app
from infrastructure.ledger.entries import Append, Entry
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, event, problem, send, served


def test_the_process_says_that_it_lives(shared_api: Api) -> None:
    answer = shared_api.nobody.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness_says_how_far_the_projections_are(api: Api) -> None:
    position = api.place_movies("a")
    api.admin.get("/v1/device-users", params={"after": position})
    ready = api.nobody.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "database": "ok",
        "projector": "running",
        "problem": None,
        "position": position,
        "projected_position": position,
        "lag_events": 0,
        "lag_seconds": 0.0,
    }


@pytest.fixture
def without_projector(tmp_path: Path) -> Iterator[Api]:
    options = {"data_dir": tmp_path, "admin_token": "the-admin", "sqlite_synchronous": "OFF"}
    with opened(load_settings(options), projects=False) as services, served(services) as address:
        api = Api(address, "the-admin", services)
        yield api
        api.close()


def test_without_a_projector_a_write_is_taken_and_a_read_says_it_is_behind(
    without_projector: Api,
) -> None:
    api = without_projector
    tv = api.register("tv")
    assert send(tv, event())[0]["status"] == "recorded"
    assert problem(tv.get("/v1/device-users/tv/watched")) == (503, "projection_behind")
    ready = api.nobody.get("/readyz").json()
    assert (ready["projector"], ready["lag_events"]) == ("elsewhere", 3)


def test_a_database_that_goes_away_is_said_and_comes_back(without_projector: Api) -> None:
    api = without_projector
    path = Path(str(api.services.engine.url.database))
    away = path.with_name("ledger.away")
    path.rename(away)
    api.services.engine.dispose()
    answer = api.admin.put("/v1/device-users/tv", json={"user": "ann", "device": "d"})
    assert problem(answer) == (503, "database_missing")
    assert str(path) not in answer.text
    ready = api.nobody.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "database_missing")
    away.rename(path)
    api.register("tv")


def test_a_fault_of_the_service_is_answered_and_logged_under_one_request_id(
    without_projector: Api,
) -> None:
    api = without_projector
    shelf = Entry("catalog", ItemPlaced(item="movie_shelf:m"))
    api.services.ledger.append([Append([shelf])])
    with write_transaction(api.services.engine) as connection:
        connection.exec_driver_sql("UPDATE ledger_event SET state = 'junk'")
    with capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        answer = api.admin.put("/v1/device-users/tv", json={"user": "ann", "device": "d"})
    assert problem(answer) == (500, "internal_error")
    [failed] = [line for line in logs if line["event"] == "request failed"]
    assert failed["exc_info"]
    assert failed["request_id"] == answer.headers["X-Request-ID"]


def test_a_request_id_is_given_back_or_made(shared_api: Api) -> None:
    given = shared_api.nobody.get("/healthz", headers={"X-Request-ID": "mine-1"})
    assert given.headers["X-Request-ID"] == "mine-1"
    made = shared_api.nobody.get("/healthz", headers={"X-Request-ID": "not one"})
    assert len(made.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/events/", "/v1/device-users/tv/nothing"])
def test_a_path_that_is_not_there_is_a_problem(shared_api: Api, path: str) -> None:
    assert problem(shared_api.admin.get(path)) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_method_that_is_not_taken_is_a_problem(shared_api: Api, method: str) -> None:
    answer = shared_api.admin.request(method, "/v1/events")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


def test_a_head_is_answered_without_a_body(shared_api: Api) -> None:
    answer = shared_api.admin.head("/v1/events")
    assert (answer.status_code, answer.content) == (405, b"")


def documented(api: Api) -> dict[str, Any]:
    document: dict[str, Any] = api.nobody.get("/openapi.json").json()
    return document


def test_every_operation_documents_its_errors_and_its_token(shared_api: Api) -> None:
    for path, methods in documented(shared_api)["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1"):
                assert {"401", "400"} <= set(operation["responses"]), (method, path)
                assert operation["security"] == [{"token": []}], (method, path)
            assert "422" not in operation["responses"]


def test_every_reference_of_the_description_leads_somewhere(shared_api: Api) -> None:
    document = documented(shared_api)

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            for each in value.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


def test_bodies_are_described_as_they_are_taken(shared_api: Api) -> None:
    schemas = documented(shared_api)["components"]["schemas"]
    assert schemas["EventsBody"]["properties"]["events"]["maxItems"] == 1_000
    assert schemas["ItemsBody"]["properties"]["items"]["maxItems"] == 5_000


def test_the_documentation_is_a_page(shared_api: Api) -> None:
    answer: httpx.Response = shared_api.nobody.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")


class _References(HTMLParser):
    """What a page loads, and what stands in it that its policy would refuse."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.paths: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        path = given.get("src") or (given.get("href") if tag == "link" else None)
        if path is not None:
            self.paths.append(path)
        elif tag in {"script", "style"}:
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def test_the_documentation_comes_from_this_server_alone(shared_api: Api) -> None:
    answer: httpx.Response = shared_api.nobody.get("/docs")
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy[:5] == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
    ]
    page = _References(answer.text)
    assert page.inline == []
    kinds = {path: _media_type(shared_api, path) for path in page.paths}
    assert kinds == {
        "docs/favicon.png": "image/png",
        "docs/swagger-ui.css": "text/css",
        "docs/swagger-ui-bundle.js": "text/javascript",
        "docs/start.js": "text/javascript",
    }


def _media_type(api: Api, path: str) -> str:
    answer: httpx.Response = api.nobody.get(f"/{path}")
    assert answer.status_code == 200
    assert answer.content
    return str(answer.headers["content-type"]).partition(";")[0]


def test_the_start_script_asks_for_the_description_of_this_server(shared_api: Api) -> None:
    script = shared_api.nobody.get("/docs/start.js").text
    assert 'url: "openapi.json"' in script
    assert "://" not in script
    assert shared_api.nobody.get("/openapi.json").json()["info"]["title"] == "Watchledger"


def test_the_application_is_made_over_services_it_does_not_own(shared_api: Api) -> None:
    assert make_app(shared_api.services).state.services is shared_api.services


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs", "/metrics"])
def test_head_is_answered_as_get_without_the_body(api: Api, path: str) -> None:
    asked, got = api.admin.head(path), api.admin.get(path)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]
    assert api.admin.get("/healthz").status_code == 200, "the connection goes on"


def test_head_of_what_a_viewer_reads_wants_its_token(api: Api) -> None:
    tv = api.register()
    path = "/v1/device-users/tv/watched"
    assert tv.head(path).status_code == 200
    assert api.nobody.head(path).status_code == 401


def test_a_path_that_is_read_says_that_it_takes_head_too(api: Api) -> None:
    assert api.admin.delete("/healthz").headers["Allow"] == "GET, HEAD"
