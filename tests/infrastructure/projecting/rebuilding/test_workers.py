"""The processes of a rebuild: who gets which users, and what becomes of them."""

import subprocess
import sys

from sqlalchemy import Engine

from domain.directory import Directory
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import head, read, read_user_span
from infrastructure.projecting.rebuilding.user_range import user_ranges
from tests.helpers.stage import Stage
from tests.reference.lives import life
from tests.reference.world import submissions

_PARENT = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from time import sleep
from infrastructure.projecting.rebuilding.workers import begin_process

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, begin_process, (context.Queue(),)) as pool:
        pool.submit(print, "begun", flush=True)
        pool.submit(sleep, 600).result()
"""


def test_shares_take_each_user_once_and_the_settings_always(engine: Engine) -> None:
    stage = Stage(engine)
    stage.submit(*submissions(life(seed=1, size=60)))
    with read_transaction(engine) as connection:
        upto = head(connection).position
        everything = read(connection, 0, upto)
        directory = Directory()
        for recorded in everything:
            directory.evolve(recorded)
        parts = user_ranges(connection, directory, 3, upto)
        shared = [read_user_span(connection, 0, upto, each.span) for each in parts]
    assert len(parts) > 1
    activity = [each for part in shared for each in part if each.submission_id is not None]
    assert sorted(activity) == [each for each in everything if each.submission_id is not None]
    settings = [each for each in everything if each.submission_id is None]
    for part in shared:
        assert [each for each in part if each.submission_id is None] == settings


def test_there_are_no_more_shares_than_users(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert len(user_ranges(connection, Directory(), 8, 0)) == 1


def test_a_process_ends_with_the_one_that_started_it() -> None:
    command = [sys.executable, "-c", _PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        parent.kill()
        # The other would keep its end of the pipe open.
        parent.communicate(timeout=30)
