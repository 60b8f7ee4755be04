"""Files that commands write: for their owner only, and over nothing but an earlier one's like."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from infrastructure.importing.lines import FileProblem
from infrastructure.operations.private_files import make_private, sync

IsOurs = Callable[[BinaryIO], bool]
"""Whether what is there already was written by the same command, so that it may go."""


@contextmanager
def written(path: Path, is_ours: IsOurs) -> Iterator[BinaryIO]:
    """A file to write to. Raises FileProblem."""
    _check_replaceable(path, is_ours)
    with _told(path):
        make_private(path)
        with path.open("wb") as file:
            yield file


@contextmanager
def written_whole(path: Path, is_ours: IsOurs) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place once the block is through. Raises FileProblem."""
    path = path.resolve()
    _check_replaceable(path, is_ours)
    partial = path.with_name(f"{path.name}.partial")
    with _told(path):
        try:
            make_private(partial)
            with partial.open("wb") as file:
                yield file
            sync(partial)
            partial.replace(path)
            sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def _check_replaceable(path: Path, is_ours: IsOurs) -> None:
    with _told(path):
        if not path.exists():
            return
        if path.is_file():
            with path.open("rb") as file:
                if is_ours(file):
                    return
    raise FileProblem(
        f"{path} is there already and wasn't written by this command. Name another file, or move "
        "that one away; nothing was written."
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileProblem(f"{path} can't be written: {error.strerror}.") from error
