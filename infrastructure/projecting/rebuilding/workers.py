"""Worker processes that each rebuild a range of the users."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.queues import Queue
from queue import Empty
from threading import Thread
from typing import NamedTuple

from domain.policy import Policy
from infrastructure.database.engine import make_engine
from infrastructure.database.synchronous import Synchronous
from infrastructure.projecting.garbage import without_garbage_collection
from infrastructure.projecting.rebuilding.shadow_tables import ShadowTables
from infrastructure.projecting.rebuilding.user_range import UserRange, fold_range, load_range

_LOOK_SECONDS = 0.2
_queue: "Queue[int] | None" = None


class Job(NamedTuple):
    """What a process needs to know; everything in it can be sent to one."""

    database_url: str
    synchronous: Synchronous
    policy: Policy
    generation: int
    user_range: UserRange


def run_job(job: Job, on_events: Callable[[int], None]) -> dict[str, int]:
    """Fold and load a user range; answers when each cduid was seen last, in microseconds."""
    engine = make_engine(job.database_url, synchronous=job.synchronous)
    try:
        with without_garbage_collection():
            fold = fold_range(engine, job.policy, job.user_range, on_events)
            load_range(engine, ShadowTables(job.generation), fold)
    finally:
        engine.dispose()
    return fold.seen_us


class Jobs:
    """Runs jobs: the first here, each other in a process of its own."""

    def __init__(self, pool: ProcessPoolExecutor | None, queue: "Queue[int] | None") -> None:
        self._pool = pool
        self._queue = queue

    def run(self, jobs: Sequence[Job], on_events: Callable[[int], None]) -> dict[str, int]:
        """Run them all; answers when each cduid was seen last, in microseconds.

        All of them go through all events, so progress is theirs together divided by their number.
        """
        first, *others = jobs
        if self._pool is None or self._queue is None:
            return run_job(first, on_events)
        progress = _Progress(self._queue, len(jobs), on_events)
        pending = running = {self._pool.submit(_run_in_process, job) for job in others}
        all_seen_us = [run_job(first, progress.add)]
        while pending:
            _, pending = wait(pending, timeout=_LOOK_SECONDS)
            progress.add(0)
        progress.add(0)
        all_seen_us += [future.result() for future in running]
        seen_us: dict[str, int] = {}
        for each in all_seen_us:
            for cduid, at_us in each.items():
                seen_us[cduid] = max(at_us, seen_us.get(cduid, at_us))
        return seen_us


@contextmanager
def started(jobs_max: int) -> Iterator[Jobs]:
    """What can run so many jobs. Its processes start at once, since that takes them a while."""
    if jobs_max == 1:
        yield Jobs(None, None)
        return
    context = multiprocessing.get_context("spawn")
    queue: Queue[int] = context.Queue()
    with ProcessPoolExecutor(
        jobs_max - 1, mp_context=context, initializer=begin_process, initargs=(queue,)
    ) as pool:
        for _ in range(jobs_max - 1):
            pool.submit(_import_this)
        yield Jobs(pool, queue)


def _import_this() -> None:
    """What a process has to do to call this is what takes it so long."""


class _Progress:
    """Hears of all jobs' events, and tells of a job's share of them."""

    def __init__(self, queue: "Queue[int]", jobs: int, on_events: Callable[[int], None]) -> None:
        self._queue = queue
        self._jobs = jobs
        self._on_events = on_events
        self._untold = 0

    def add(self, events: int) -> None:
        told, self._untold = divmod(self._untold + events + _drain(self._queue), self._jobs)
        self._on_events(told)


def begin_process(queue: "Queue[int]") -> None:
    """Make ready a process that jobs are to run in."""
    global _queue  # noqa: PLW0603  # a queue can be handed to a process at its start only
    _queue = queue
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """The rebuild lock ends with the process that holds it, and what was begun under it, too.

    Otherwise this job could fill the tables of the next rebuild.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # it was started by one
    parent.join()
    os._exit(1)


def _run_in_process(job: Job) -> dict[str, int]:
    assert _queue is not None  # noqa: S101  # set by the initializer
    return run_job(job, _queue.put)


def _drain(queue: "Queue[int]") -> int:
    events = 0
    while True:
        try:
            events += queue.get_nowait()
        except Empty:
            return events
