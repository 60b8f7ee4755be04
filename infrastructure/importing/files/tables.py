"""CSV as programs and spreadsheets write it: any delimiter, UTF-8, UTF-16 or Windows' cp1252."""

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator, Sequence
from typing import TextIO

from infrastructure.importing.files.archive import Member
from infrastructure.importing.files.said import Fault
from infrastructure.importing.lines import FileProblem

_LINE_CHARACTERS_MAX = 256 * 1024
_CHUNK_BYTES = 1024 * 1024
_DELIMITERS = ",;\t|"

Row = dict[str, str]


def has_columns(member: Member, *columns: str) -> bool:
    """Whether its first line names them, in whatever case and order."""
    return {each.lower() for each in columns} <= set(_header(member))


def _header(member: Member) -> Sequence[str]:
    head = member.head()
    encoding = "utf-16" if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    lines = head.decode(encoding, "replace").lstrip().splitlines()
    if not lines:
        return ()
    try:
        return _names(next(csv.reader([lines[0]], delimiter=_delimiter(lines[0]))))
    except csv.Error:
        return ()


def rows(member: Member) -> Iterator[tuple[str, Row] | Fault]:
    """The rows by the names of their columns, in small letters, each with its line."""
    number = 0
    try:
        with io.TextIOWrapper(
            member.opened(), encoding=_encoding(member), errors="replace", newline=""
        ) as text:
            first = text.readline(_LINE_CHARACTERS_MAX)
            delimiter = _delimiter(first)
            names = _names(next(csv.reader([first], delimiter=delimiter), []))
            reader = csv.reader(_lines(text), delimiter=delimiter)
            while True:
                number = reader.line_num + 2
                where = f"{member.name}, line {number}"
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    upto = reader.line_num + 1  # a quote that isn't closed takes in many
                    yield Fault(f"{where} to {upto}", f"It can't be read: {error}.")
                    continue
                if any(cells):
                    yield where, dict(zip(names, map(str.strip, cells), strict=False))
    except FileProblem as problem:
        yield Fault(f"{member.name}, from line {number}", f"{problem}.")


def _names(cells: Sequence[str]) -> list[str]:
    return [each.strip().lower() for each in cells]


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(_LINE_CHARACTERS_MAX):
        yield line


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _encoding(member: Member) -> str:
    """What all of it can be read as: a letter that isn't UTF-8 may come late."""
    decoder = getincrementaldecoder("utf-8")()
    with member.opened() as file:
        chunk = file.read(_CHUNK_BYTES)
        if chunk.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        has_mark = chunk.startswith(BOM_UTF8)
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig" if has_mark else "utf-8"
