"""A tracker's export, as one file or the members of a zip: read as a stream, unpacked nowhere.

Nothing is written to disk, so no member's path leads anywhere; one that tries to is told and left
out. What unpacks to far more than an export does is a bomb and isn't read on.
"""

import io
import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from infrastructure.importing.lines import FileProblem

UNPACKED_BYTES_MAX = 8 * 1024**3
"""All that is read of one archive."""

RATIO_MAX = 200
_RATIO_COUNTS_FROM_BYTES = 16 * 1024**2
_HEAD_BYTES = 64 * 1024
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_leads_out = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)").search


class Member(NamedTuple):
    """A file to read, as often as it is opened. What is read raises FileProblem where it breaks."""

    name: str
    opened: Callable[[], BinaryIO]

    def head(self) -> bytes:
        """Its beginning, without a byte order mark of UTF-8; nothing if it can't be read."""
        try:
            with self.opened() as file:
                return file.read(_HEAD_BYTES).removeprefix(BOM_UTF8)
        except FileProblem:
            return b""


class Archive:
    """The members of an export."""

    def __init__(self, path: Path, packed: zipfile.ZipFile | None) -> None:
        self.name = str(path)
        self._path = path
        self._packed = packed
        self._left_bytes = UNPACKED_BYTES_MAX

    def members(self, pattern: str) -> list[Member]:
        """Those whose name, without folders, matches; an export that is one file is that one."""
        if self._packed is None:
            return [Member(self._path.name, self._open)]
        matches = re.compile(pattern, re.IGNORECASE).fullmatch
        return [
            self._member(info)
            for info in self._packed.infolist()
            if matches(PurePosixPath(info.filename).name) and not _leads_out(info.filename)
        ]

    def foreign(self) -> list[str]:
        """The members whose path leads out of the archive."""
        infos = [] if self._packed is None else self._packed.infolist()
        return [info.filename for info in infos if _leads_out(info.filename)]

    def spend(self, count: int) -> None:
        """Takes what was read from what may be. Raises FileProblem."""
        self._left_bytes -= count
        if self._left_bytes < 0:
            raise FileProblem(f"{self.name} unpacks to more than any export does; it isn't read on")

    def _open(self) -> BinaryIO:
        return _buffered(self, self._path.open("rb"), self.name, None)

    def _member(self, info: zipfile.ZipInfo) -> Member:
        packed = self._packed
        assert packed is not None  # noqa: S101  # for the type checker: it is a zip's

        def opened() -> BinaryIO:
            try:
                file = packed.open(info)
            except _BROKEN as error:
                raise _broken(info.filename, error) from error
            most = max(RATIO_MAX * info.compress_size, _RATIO_COUNTS_FROM_BYTES)
            return _buffered(self, file, info.filename, most)

        return Member(info.filename, opened)


def _buffered(archive: Archive, file: object, name: str, bytes_max: int | None) -> BinaryIO:
    return io.BufferedReader(_Bounded(archive, file, name, bytes_max))


class _Bounded(io.RawIOBase):
    """Reads no more than an export holds, and says in words where it breaks."""

    def __init__(self, archive: Archive, file: object, name: str, bytes_max: int | None) -> None:
        self._archive = archive
        self._file: io.BufferedIOBase = file  # type: ignore[assignment]  # a zip's member is typed as IO
        self._name = name
        self._left_bytes = bytes_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what is handed over
        try:
            chunk = self._file.read(len(buffer))
        except _BROKEN as error:
            raise _broken(self._name, error) from error
        self._archive.spend(len(chunk))
        if self._left_bytes is not None:
            self._left_bytes -= len(chunk)
            if self._left_bytes < 0:
                raise FileProblem(
                    f"{self._name} unpacks to more than {RATIO_MAX} times its size, as no export "
                    "does; it isn't read on"
                )
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._file.close()
        super().close()


def _broken(name: str, error: Exception) -> FileProblem:
    return FileProblem(f"{name} can't be read on: {error or 'it breaks off'}")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Raises FileProblem for what can't be opened."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                if file.read(4) == b"PK\x03\x04":
                    raise FileProblem(f"{path} is a broken zip. Download it anew.")
            yield Archive(path, None)
            return
        with zipfile.ZipFile(path) as packed:
            yield Archive(path, packed)
    except OSError as error:
        raise FileProblem(f"{path} can't be read: {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise FileProblem(f"{path} is a broken zip ({error}). Download it anew.") from error
