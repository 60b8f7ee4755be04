"""Pulls at intervals, beside a service that runs: all sources that the file of addresses has."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from domain.rejection import Refused
from infrastructure.database.problems import DatabaseProblem
from infrastructure.pulling.problems import PullProblem
from infrastructure.pulling.pull import Puller

_HOUR_SECONDS = 3_600
_log = structlog.get_logger()


class _Stopped(Exception):
    pass


@contextmanager
def pulled_every(hours: float, puller: Puller) -> Iterator[None]:
    """Pulls now and every so many hours until the end of the block; never if that is 0."""
    if not hours:
        yield
        return
    stop = Event()
    thread = Thread(target=_run, args=[puller, hours * _HOUR_SECONDS, stop], name="puller")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run(puller: Puller, every_seconds: float, stop: Event) -> None:
    while True:
        try:
            _pull_all(puller, stop)
        except _Stopped:
            return
        except PullProblem as problem:
            _log.error("pull_failed", reason=str(problem))
        except Exception:  # noqa: BLE001  # the next time it may go well, and the service goes on anyway
            _log.exception("pull_failed")
        if stop.wait(every_seconds):
            return


def _pull_all(puller: Puller, stop: Event) -> None:
    def check(_what: str = "", _count: int = 0) -> None:
        if stop.is_set():
            raise _Stopped

    for name in puller.names():
        check()
        try:
            report = puller.pull(name, update=check)
        except (PullProblem, DatabaseProblem, Refused) as problem:
            _log.error("pull_failed", source=name, reason=str(problem))  # told in words
        else:
            tell = _log.info if report.is_whole else _log.warning
            facts = {key: each for key, each in report.as_json().items() if key != "lines"}
            tell("pulled", **facts)
