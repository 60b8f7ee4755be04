"""A projector in a process of its own.

`python -m tests.infrastructure.projector_process URL PAGE_SIZE` writes the position that each page
reached, a line each, after a zero once it is ready. It ends when standard input does.
"""

import sys
from threading import Thread

from domain.policy import Policy
from infrastructure.database.engine import make_engine
from infrastructure.projecting.projector import Projector


def _tell(position: int) -> None:
    sys.stdout.write(f"{position}\n")
    sys.stdout.flush()


def main(url: str, page_size: int) -> None:
    engine = make_engine(url, synchronous="OFF")
    projector = Projector(
        engine,
        Policy(),
        page_size=page_size,
        takeover_seconds=0.0,  # never waits for another: the worst that can be
        on_page=_tell,
    )
    thread = Thread(target=projector.run, args=[0.01])
    thread.start()
    _tell(0)
    sys.stdin.read()
    projector.stop()
    thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
