"""Several processes that each rebuild a share of the users."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing.queues import Queue
from queue import Empty
from typing import NamedTuple

from domain.registers import Policy
from infrastructure.database import Synchronous, make_engine
from infrastructure.garbage import without_garbage_collection
from infrastructure.rebuilding.beside import Beside
from infrastructure.rebuilding.share import Share, fold_share, load_share

_LOOK_SECONDS = 0.2
_progress: "Queue[int] | None" = None


class Job(NamedTuple):
    """What a process needs to know; everything in it can be sent to one."""

    database_url: str
    synchronous: Synchronous
    policy: Policy
    generation: int
    share: Share


def run_job(job: Job, on_events: Callable[[int], None]) -> dict[str, int]:
    """Fold and load a share; answers when each of its cduids was seen last, in microseconds."""
    engine = make_engine(job.database_url, synchronous=job.synchronous)
    try:
        with without_garbage_collection():
            fold = fold_share(engine, job.policy, job.share, on_events)
            load_share(engine, Beside(job.generation), fold)
    finally:
        engine.dispose()
    return fold.seen_us


def run_jobs(jobs: list[Job], on_events: Callable[[int], None]) -> dict[str, int]:
    """Run each job in a process of its own; all of them read all events, so progress is theirs
    together divided by their number.
    """
    if len(jobs) == 1:
        return run_job(jobs[0], on_events)
    context = multiprocessing.get_context("spawn")
    progress: Queue[int] = context.Queue()
    with ProcessPoolExecutor(
        len(jobs), mp_context=context, initializer=_share_progress, initargs=(progress,)
    ) as pool:
        running = {pool.submit(_run_in_process, job) for job in jobs}
        pending = running
        while pending:
            _, pending = wait(pending, timeout=_LOOK_SECONDS)
            on_events(_drain(progress) // len(jobs))
        seen_us: dict[str, int] = {}
        for future in running:
            for cduid, at_us in future.result().items():
                seen_us[cduid] = max(at_us, seen_us.get(cduid, at_us))
    return seen_us


def _share_progress(progress: "Queue[int]") -> None:
    global _progress  # noqa: PLW0603  # a queue can be handed to a process at its start only
    _progress = progress


def _run_in_process(job: Job) -> dict[str, int]:
    assert _progress is not None  # noqa: S101  # set by the initializer
    return run_job(job, _progress.put)


def _drain(progress: "Queue[int]") -> int:
    events = 0
    while True:
        try:
            events += progress.get_nowait()
        except Empty:
            return events
