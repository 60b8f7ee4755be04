"""The formats that are known, and which of them a file is in."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from infrastructure.importing.files import (
    letterboxd,
    mending,
    ryot,
    simkl,
    trakt,
    tvtime,
    yamtrack,
)
from infrastructure.importing.files.archive import Archive
from infrastructure.importing.files.said import Fault, Said
from infrastructure.importing.lines import FileProblem


class Format(NamedTuple):
    """`title` and `wanted` are for people: what such a file is called, and what makes it one."""

    name: str
    title: str
    wanted: str
    recognises: Callable[[Archive], bool]
    read: Callable[[Archive], Iterator[Said | Fault]]


FORMATS = {
    each.name: each
    for each in (
        Format(
            "trakt",
            "a Trakt export",
            "the zip with watched-history.json, or that file",
            trakt.recognises,
            trakt.read,
        ),
        Format(
            "yamtrack",
            "a Yamtrack export",
            f"CSV with the columns {', '.join(yamtrack.COLUMNS)}",
            yamtrack.recognises,
            yamtrack.read,
        ),
        Format(
            "tvtime",
            "a TV Time export",
            "the zip with tracking-prod-records-v2.csv, or that file, with the columns "
            f"{', '.join(tvtime.EPISODE_COLUMNS)}",
            tvtime.recognises,
            tvtime.read,
        ),
        Format(
            "letterboxd",
            "a Letterboxd diary",
            f"diary.csv, or the zip that holds it, with the columns "
            f"{', '.join(letterboxd.COLUMNS)}",
            letterboxd.recognises,
            letterboxd.read,
        ),
        Format(
            "simkl",
            "a Simkl export",
            f"JSON, or CSV with the columns {', '.join(simkl.COLUMNS)}",
            simkl.recognises,
            simkl.read,
        ),
        Format("ryot", "a Ryot export", "JSON with metadata", ryot.recognises, ryot.read),
    )
}


def plays_of(archive: Archive, name: str) -> Iterator[Said | Fault]:
    """The plays of a file in the format of a name, or of what an import of it wrote to be mended.

    Raises FileProblem if it is in another.
    """
    wanted = FORMATS[name]
    if mending.recognises(archive):
        return mending.read(archive)
    if not wanted.recognises(archive):
        raise FileProblem(_another(archive, wanted))
    return chain(_foreign(archive), wanted.read(archive))


def _foreign(archive: Archive) -> Iterator[Fault]:
    for path in archive.foreign():
        yield Fault(repr(path), "The path leads out of the archive; what it holds is left out.")


def _another(archive: Archive, wanted: Format) -> str:
    for each in FORMATS.values():
        if each.recognises(archive):
            return f"{archive.name} looks like {each.title}: use `watchledger import {each.name}`."
    return f"{archive.name} isn't {wanted.title}, which is {wanted.wanted}."
