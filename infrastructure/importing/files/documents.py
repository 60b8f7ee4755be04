"""JSON documents of any length, an element at a time."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import ijson

from infrastructure.importing.files.archive import Member
from infrastructure.importing.files.said import Called, Fault
from infrastructure.importing.lines import FileProblem


def elements(member: Member, path: str) -> Iterator[tuple[str, dict[str, Any]] | Fault]:
    """The objects of an array, each with where it stands; `path` is the array's, as ijson has it.

    What is no object is a fault, and so is where the document breaks off.
    """
    count = 0
    try:
        with member.opened() as file:
            if file.peek(len(BOM_UTF8)).startswith(BOM_UTF8):  # type: ignore[attr-defined]  # it is buffered
                file.read(len(BOM_UTF8))
            for each in ijson.items(file, f"{path}.item" if path else "item", use_float=True):
                count += 1
                where = f"{member.name}, {path or 'row'} {count}"
                yield (where, each) if isinstance(each, dict) else Fault(where, "It isn't a row.")
    except FileProblem as problem:
        yield Fault(f"{member.name}, after {path or 'row'} {count}", f"{problem}.")
    except (ijson.JSONError, UnicodeDecodeError) as error:
        words = " ".join(str(error).split())[:200]
        yield Fault(
            f"{member.name}, after {path or 'row'} {count}", f"The JSON breaks off: {words}"
        )


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of what should be a list of them."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def called(value: Any) -> Called:
    """What trackers call something: `title`, `year` and `ids`, of which some are no ids."""
    if not isinstance(value, dict):
        return Called({})
    ids = value.get("ids")
    known = ids.items() if isinstance(ids, dict) else ()
    return Called(
        {
            name: each
            for name, each in known
            if name != "slug" and isinstance(each, str | int) and not isinstance(each, bool)
        },
        value.get("title"),
        value.get("year"),
    )
