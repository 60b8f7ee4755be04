"""What a monitor is told (Prometheus), counted for one application and kept nowhere else."""

from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from infrastructure.database.problems import DatabaseProblem
from infrastructure.ledger.recorder import now_us
from infrastructure.operations.status import Standing, standing
from infrastructure.services import Services
from projections.bookmark import BookmarkWrong

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_ROUTE = "none"


class Metrics:
    """Counts what this process does; how the ledger stands is looked up when it is asked."""

    def __init__(self, services: Services) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "watchledger_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "watchledger_http_request_seconds",
            "From a request's headers to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._events = Counter(
            "watchledger_submissions",
            "Events that were sent in, by what became of them.",
            ("status",),
            registry=registry,
        )
        self._append_seconds = Histogram(
            "watchledger_append_seconds",
            "From handing a batch of events over to its being recorded durably.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._deliveries = Counter(
            "watchledger_deliveries",
            "What media servers sent, by what became of it.",
            ("source", "status"),
            registry=registry,
        )
        for status in ("recorded", "duplicate", "rejected"):
            self._events.labels(status)
        registry.register(_StandingCollector(services))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request was answered. `route` is its template, None where there is none."""
        # A method or a path that a stranger made up would be a new series each.
        known = route or _NO_ROUTE
        named = method if route else "other"
        self._requests.labels(named, known, status).inc()
        self._request_seconds.labels(named, known).observe(seconds)

    def submissions(self, statuses: Iterable[str]) -> None:
        """Events were sent in."""
        for status, count in Counts(statuses).items():
            self._events.labels(status).inc(count)

    def delivery(self, source: str, status: str) -> None:
        """A media server sent something."""
        self._deliveries.labels(source, status).inc()

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Measures an append."""
        started_at = perf_counter()
        yield
        self._append_seconds.observe(perf_counter() - started_at)

    def exposed(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)


_GAUGES: tuple[tuple[str, str, Callable[[Standing], float]], ...] = (
    ("ledger_position", "The position of the last event recorded.", lambda now: now.position),
    (
        "projected_position",
        "The position that the read models hold.",
        lambda now: now.projected_position,
    ),
    (
        "projection_lag_events",
        "How many events the read models are behind.",
        lambda now: now.lag_events,
    ),
    (
        "projection_lag_seconds",
        "How long the oldest event that isn't projected yet has been waiting.",
        lambda now: now.lag_seconds,
    ),
    (
        "rebuild_running",
        "1 while a rebuild is running.",
        lambda now: now.rebuilt_position is not None,
    ),
    (
        "rebuilt_position",
        "How far the running rebuild has come; compare with the ledger's position.",
        lambda now: now.rebuilt_position or 0,
    ),
)


class _StandingCollector(Collector):
    """Looks up how the ledger stands whenever it is asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found: Standing | None = standing(self._services.engine, now_us())
        except (DatabaseProblem, BookmarkWrong):
            found = None  # that it can't be asked is what is told
        yield _gauge("database_up", "1 while the database answers.", found is not None)
        projector = self._services.projector
        is_at_work = projector is not None and projector.problem is None
        yield _gauge("projector_running", "1 while this process projects.", is_at_work)
        if found is not None:
            for name, text, value in _GAUGES:
                yield _gauge(name, text, value(found))

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # or registering it would ask the database


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"watchledger_{name}", text, value)
