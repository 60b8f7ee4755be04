"""Reads files of one JSON document a line, however large, packed or broken they are.

Nothing is held but the line at hand: what is packed is unpacked as it comes, and of a line that is
longer than any good one is only its number kept.
"""

import gzip
import io
import re
import sys
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, cast

LINE_BYTES_MAX = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 1024 * 1024
_document = re.compile(rb'(?:|\{\s*"(events|items)"\s*:\s*)\[\s*(?:\{|\Z)').match


class FileProblem(Exception):
    """A file that can't be read, or not to its end; the message says what to do."""

    code = "file_problem"


class Line(NamedTuple):
    """A line, stripped; `text` is None for one of more than `LINE_BYTES_MAX`, its end included."""

    number: int
    text: bytes | None


class LineFile:
    """The lines of a file, and how far it has been read."""

    def __init__(self, source: io.BufferedIOBase, name: str, size_bytes: int | None) -> None:
        self.name = name
        self.size_bytes = size_bytes
        self._counted = _Counted(source)
        buffered = io.BufferedReader(self._counted, _BUFFER_BYTES)
        packed = buffered.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        self._unpacked: io.BufferedIOBase = gzip.GzipFile(fileobj=buffered) if packed else buffered

    @property
    def read_bytes(self) -> int:
        """How much of the file itself has been read, packed as it is."""
        return self._counted.read_bytes

    def __iter__(self) -> Iterator[Line]:
        """The lines that aren't blank.

        Raises FileProblem where the file breaks off, and for one that isn't lines at all.
        """
        number = 0
        while chunk := self._read(number):
            number += 1
            text = chunk.strip() if number > 1 else self._first(chunk)
            if len(chunk) > LINE_BYTES_MAX:
                self._skip_rest(chunk, number)
                yield Line(number, None)
            elif text:
                yield Line(number, text)

    def _first(self, chunk: bytes) -> bytes:
        """The first line, stripped, also of the mark that some put before all that they write."""
        if chunk.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise FileProblem(f"{self.name} is UTF-16. Save it as UTF-8.")
        text = chunk.removeprefix(BOM_UTF8).strip()
        if found := _document(text):
            path = f".{(found[1] or b'').decode()}[]"
            raise FileProblem(
                f"{self.name} is one JSON document; an import wants an object a line. Turn it into "
                f"lines, for example with: jq -c '{path}' FILE > lines.ndjson"
            )
        return text

    def _skip_rest(self, chunk: bytes, number: int) -> None:
        while chunk and not chunk.endswith(b"\n"):
            chunk = self._read(number)

    def _read(self, number: int) -> bytes:
        """Up to the end of the line, but little more than a line may have."""
        try:
            return self._unpacked.readline(LINE_BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FileProblem(
                f"{self.name} can't be read on after line {number}: {error}. What came before "
                "is done; mend the file and import it again, what is there already does no harm."
            ) from error


class _Counted(io.RawIOBase):
    """Counts what is read of a file."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source = source
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what is handed over
        chunk = self._source.read1(len(buffer))
        buffer[: len(chunk)] = chunk
        self.read_bytes += len(chunk)
        return len(chunk)


@contextmanager
def opened_lines(path: str) -> Iterator[LineFile]:
    """The lines of a file; `-` is standard input. Raises FileProblem."""
    with ExitStack() as stack:
        if path == "-":
            yield LineFile(cast("io.BufferedIOBase", sys.stdin.buffer), "Standard input", None)
            return
        try:
            file = stack.enter_context(Path(path).open("rb"))
            size_bytes = Path(path).stat().st_size
            lines = LineFile(file, path, size_bytes)
        except OSError as error:
            raise FileProblem(f"{path} can't be read: {error.strerror}.") from error
        yield lines
