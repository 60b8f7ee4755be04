"""Files that are broken in every way: each line is taken or refused, and memory stays small."""

import gzip
import io
import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.commands import PutDeviceUser
from infrastructure.bootstrap import opened
from infrastructure.database.engine import make_engine
from infrastructure.database.migrations import migrate
from infrastructure.importing.catalog import CatalogImport
from infrastructure.importing.events import Imported, import_events
from infrastructure.importing.ledger import CopyProblem, export_ledger, import_ledger
from infrastructure.importing.lines import FileProblem, LineFile
from infrastructure.services import Services
from infrastructure.settings.settings import load_settings
from tests.helpers.api import event

GIBIBYTE = 2**30
_PIECES_BYTES = 2**20
BOUNDS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_NO_LINES = re.compile(rb"\x1f\x8b|\xff\xfe|\xfe\xff|\xef\xbb\xbf|\s*\[\s*(\{|\Z)").match
NOISE = st.binary(max_size=80).filter(lambda line: not _NO_LINES(line.partition(b"\n")[0]))
"""Of what begins as gzip, UTF-16 or an array does there are no lines, and marks are no text."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    options = {"data_dir": tmp_path_factory.mktemp("imports"), "sqlite_synchronous": "OFF"}
    with opened(load_settings(options), projects=False) as found:
        found.handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
        yield found


def imported(services: Services, content: bytes) -> list[Imported]:
    return list(import_events(services.activity, lines_of(content)))


def lines_of(content: bytes) -> LineFile:
    return LineFile(io.BytesIO(content), "file", len(content))


def good(number: int) -> bytes:
    said = event(cduid="tv", occurred_at="2026-01-31T20:00:00Z")
    return json.dumps({**said, "id": str(UUID(int=number))}).encode()


@BOUNDS
@given(st.lists(NOISE | st.integers(1, 5).map(good), max_size=12))
@example([b'{"id": "\xff\xfe"}', b"\x00", b"\xef\xbb\xbf{}"])
@example([b"[" * 200_000, b'{"a":' * 100_000, b"9" * 500_000])
@example([b'{"id": NaN}', b'{"id": "\\ud800"}', b"null", b"[]", b'""'])
def test_every_line_is_taken_or_refused_by_its_number(
    services: Services, lines: list[bytes]
) -> None:
    found = imported(services, b"\n".join(lines))
    asked = [line for line in b"\n".join(lines).split(b"\n") if line.strip()]
    assert len(found) == len(asked)
    for each in found:
        assert (each.status == "rejected") is (each.rejection is not None)


@BOUNDS
@given(st.lists(NOISE, max_size=12))
@example([b"[" * 200_000, b'{"item": "movie:\xff"}'])
def test_every_item_is_taken_or_refused_by_its_number(
    services: Services, lines: list[bytes]
) -> None:
    content = b"\n".join(lines)
    found = list(CatalogImport(services.handler).run(lines_of(content)))
    asked = [number for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    assert sorted(each.line for each in found) == asked


@BOUNDS
@given(st.integers(0, 4_000))
def test_of_a_file_that_is_cut_off_what_came_before_is_taken(
    services: Services, size_bytes: int
) -> None:
    whole = b"\n".join(map(good, range(100, 130)))
    packed = gzip.compress(whole, mtime=0)[:size_bytes]
    taken: list[Imported] = []
    with suppress(FileProblem):
        taken.extend(import_events(services.activity, lines_of(packed)))
    plain = imported(services, whole[:size_bytes])
    refused = [each.line for each in plain if each.rejection is not None]
    assert refused in ([], [len(plain)])


class _LongLine(io.RawIOBase):
    """A gibibyte without an end of line, between two good lines, that nobody holds."""

    def __init__(self) -> None:
        self._left = self._pieces()

    def readable(self) -> bool:
        return True

    def _pieces(self) -> Iterator[bytes]:
        yield good(200) + b"\n"
        for _ in range(GIBIBYTE // _PIECES_BYTES):
            yield b"x" * _PIECES_BYTES
        yield b"\n" + good(201) + b"\n"

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what is handed over
        piece = next(self._left, b"")
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def holding_at_most(size_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size_bytes
    finally:
        tracemalloc.stop()


def test_a_line_of_a_gibibyte_is_refused_and_the_next_is_taken(services: Services) -> None:
    source = io.BufferedReader(_LongLine(), 2 * _PIECES_BYTES)
    with holding_at_most(32 * _PIECES_BYTES):
        found = list(import_events(services.activity, LineFile(source, "stream", None)))
    assert [each.status for each in found] == ["rejected", "recorded", "recorded"]
    assert found[0].rejection is not None
    assert found[0].rejection.code == "line_too_long"


@pytest.mark.long
def test_a_packed_file_that_unpacks_to_a_gibibyte_is_not_held(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(GIBIBYTE // _PIECES_BYTES):
            file.write(b"x" * _PIECES_BYTES)
        file.write(b"\n" + good(300))
    with path.open("rb") as packed, holding_at_most(32 * _PIECES_BYTES):
        found = list(import_events(services.activity, LineFile(packed, "bomb", None)))
    assert Counter(each.status for each in found) == {"rejected": 1, "recorded": 1}


def test_a_whole_ledger_is_taken_in_only_as_it_was_written(
    services: Services, tmp_path: Path
) -> None:
    imported(services, b"\n".join(map(good, range(400, 420))))
    whole = list(export_ledger(services.engine))
    engine = make_engine(f"sqlite:///{tmp_path / 'copy.db'}", synchronous="OFF")
    migrate(engine)
    for broken in (
        whole[1:],
        [whole[0], *whole[2:]],
        [*whole[:3], b"{}\n"],
        [*whole[:3], b"[" * 100_000],
        [*whole[:3], b"\xff\xfe\n"],
        [*whole[:3], whole[3].replace(b'"version":', b'"version":1')],
    ):
        with pytest.raises(CopyProblem):
            import_ledger(engine, lines_of(b"".join(broken)), lambda *_: None)
    import_ledger(engine, lines_of(b"".join(whole)), lambda *_: None)
    assert list(export_ledger(engine)) == whole
    engine.dispose()
