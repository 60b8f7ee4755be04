"""Imports files of events, as players submit them.

A line is what an element of the write call is, and is decided upon as that is. One bad line holds
back no other. A file can be imported again: what is there already is a duplicate.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from domain.rejection import Rejection
from infrastructure.commands.activity import ActivityHandler, conflict
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission, Unreadable, parse_event
from infrastructure.importing.lines import LINE_BYTES_MAX, FileProblem, Line

BATCH = 1_000
_ADMIN = Caller(None)

Parsed = TypeVar("Parsed")


class Imported(NamedTuple):
    """What became of a line; a rejected one says why. `name` is the id or item that it carried.

    `is_unseen`: the catalog has no such item, or none that the user sees.
    """

    line: int
    status: str
    name: str | None = None
    rejection: Rejection | None = None
    is_unseen: bool = False


def import_events(activity: ActivityHandler, lines: Iterable[Line]) -> Iterator[Imported]:
    """Records the events of a file, and says of each line what became of it."""
    for batch in _batches(lines):
        readable: list[tuple[int, Submission]] = []
        for line in batch:
            parsed = parsed_line(line, parse_event)
            if isinstance(parsed, Imported):
                yield parsed
            else:
                readable.append((line.number, parsed))
        yield from _submitted(activity, readable)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    try:
        for line in lines:
            batch.append(line)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except FileProblem:
        yield batch  # what came before the break counts
        raise
    yield batch


def _submitted(
    activity: ActivityHandler, readable: list[tuple[int, Submission]]
) -> Iterator[Imported]:
    # Nothing is left out: a file that is imported again shall be all duplicates.
    submissions = [submission for _, submission in readable]
    taken, _ = activity.submit(_ADMIN, submissions, thins=False)
    for (line, _), each in zip(readable, taken, strict=True):
        name, result = str(each.id), each.result
        if isinstance(result, Rejection):
            yield Imported(line, "rejected", name, result)
        elif result.status == "conflict":
            yield Imported(line, "rejected", name, conflict(result))
        else:
            yield Imported(line, result.status, name, is_unseen=each.warning == "unknown_item")


def parsed_line(line: Line, parse: Callable[[bytes], Parsed | Unreadable]) -> Parsed | Imported:
    """What a line says, or that it can't be taken."""
    if line.text is None:
        reason = f"The line has more than {LINE_BYTES_MAX} bytes; no event or item does."
        return Imported(line.number, "rejected", None, Rejection("line_too_long", reason))
    try:
        parsed = parse(line.text)
    except ValueError as error:
        reason = f"The line isn't JSON: {_in_a_line(str(error))}."
        return Imported(line.number, "rejected", None, Rejection("invalid_json", reason))
    if isinstance(parsed, Unreadable):
        return Imported(line.number, "rejected", *parsed)
    return parsed


def _in_a_line(reason: str) -> str:
    """A parser's words without the number of the only line that it saw."""
    return reason.replace("at line 1 column", "at column")
