"""Calls along the API's own description, alone and in sequences, are answered as it says."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import served

AnyCase = Case[Any]

_TOKEN = "the-admin"
_ADMIN = {"Authorization": f"Bearer {_TOKEN}"}
_BEHIND = "projection_behind"


def no_fault(_: CheckContext, response: Response, __: AnyCase) -> None:
    """No 5xx but the one that says that what was asked for isn't projected yet."""
    is_behind = response.status_code == 503 and response.json().get("code") == _BEHIND
    assert response.status_code < 500 or is_behind, response.text


CHECKS: list[Any] = [
    no_fault,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def without_waiting(case: AnyCase) -> None:
    """Positions that never come aren't waited for."""
    if "after" in (case.query or {}):
        case.query["wait_seconds"] = 0


@contextmanager
def _served_anew(directory: Path) -> Iterator[str]:
    """The address of a service that knows nothing yet."""
    options = {
        "data_dir": directory,
        "admin_token": _TOKEN,
        "sqlite_synchronous": "OFF",
        "admin_requests_per_second": 0,
        "stranger_requests_per_second": 0,
    }
    with opened(load_settings(options)) as services, served(services) as address:
        yield address


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with capture_logs(), _served_anew(tmp_path_factory.mktemp("fuzz")) as address:
        # A stream is an answer without an end, and has tests of its own.
        yield schemathesis.openapi.from_url(f"{address}/openapi.json").exclude(
            path_regex="/changes$"
        )


def _settings(examples: int, steps: int = 8) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _each_call(schema: Any, examples: int) -> None:
    for result in schema.get_all_operations():
        for mode in GenerationMode:
            with suppress(Unsatisfiable):  # nothing can be wrong with a call that takes nothing
                _calls(result.ok().as_strategy(generation_mode=mode), _settings(examples))


def _calls(strategy: Any, bounds: settings) -> None:
    @bounds
    @given(case=strategy)
    def call(case: AnyCase) -> None:
        without_waiting(case)
        case.call_and_validate(headers=_ADMIN, checks=CHECKS)

    call()


def _sequences(schema: Any, bounds: settings) -> None:
    """Each begins with a new service, and reads see what was written: what Hypothesis does again
    has to be answered again as it was.
    """
    machine: Any = schema.as_state_machine()

    class Sequences(machine):  # type: ignore[misc]  # it is made at run time
        def setup(self) -> None:
            self._stack = ExitStack()
            directory = self._stack.enter_context(TemporaryDirectory())
            self._address = self._stack.enter_context(_served_anew(Path(directory)))

        def teardown(self) -> None:
            self._stack.close()

        def before_call(self, case: AnyCase) -> None:
            without_waiting(case)

        def get_call_kwargs(self, _: AnyCase) -> dict[str, Any]:
            return {"base_url": self._address, "headers": _ADMIN}

        def after_call(self, response: Any, case: AnyCase) -> None:
            if case.method != "GET" and response.status_code == 200:
                after = {"after": response.json()["position"]}
                url = f"{self._address}/v1/catalog/items"
                httpx.get(url, params=after, headers=_ADMIN, trust_env=False).raise_for_status()

        def validate_response(self, response: Any, case: AnyCase, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    run_state_machine_as_test(Sequences, settings=bounds)


def test_every_call_is_answered_as_described(schema: Any) -> None:
    _each_call(schema, 4)


def test_sequences_of_calls_are_answered_as_described(schema: Any) -> None:
    _sequences(schema, _settings(15))


@pytest.mark.long
def test_every_call_is_answered_as_described_however_often_it_is_tried(schema: Any) -> None:
    _each_call(schema, 80)


@pytest.mark.long
def test_sequences_of_calls_are_answered_as_described_however_long(schema: Any) -> None:
    _sequences(schema, _settings(150, steps=20))
