"""Lines of files that are packed, cut off or broken."""

import gzip
from pathlib import Path

import pytest

from infrastructure.importing.lines import LINE_BYTES_MAX, FileProblem, Line, opened_lines


def lines_of(path: Path, content: bytes) -> list[Line]:
    path.write_bytes(content)
    with opened_lines(str(path)) as lines:
        return list(lines)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_keep_their_numbers_and_blank_ones_are_left_out(path: Path, pack: type) -> None:
    found = lines_of(path, pack(b"one\n\n  \r\n four \r\nlast"))
    assert found == [Line(1, b"one"), Line(4, b"four"), Line(5, b"last")]


def test_an_empty_file_has_no_lines(path: Path) -> None:
    assert lines_of(path, b"") == []


def test_a_line_that_is_too_long_is_told_by_its_number_and_the_next_is_read(path: Path) -> None:
    long = b"x" * (3 * LINE_BYTES_MAX + 5)
    assert lines_of(path, long + b"\ntwo\n") == [Line(1, None), Line(2, b"two")]


def test_the_longest_line_is_read(path: Path) -> None:
    longest = b"x" * (LINE_BYTES_MAX - 1)
    assert lines_of(path, longest + b"\n" + longest + b"x\n") == [Line(1, longest), Line(2, None)]


def test_a_long_last_line_without_an_end_is_told_once(path: Path) -> None:
    assert lines_of(path, b"x" * (2 * LINE_BYTES_MAX + 2)) == [Line(1, None)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:-6],
        lambda packed: packed[:200] + b"\x00\xff" * 50 + packed[300:],
        lambda packed: packed + b"garbage",
    ],
    ids=["cut in half", "without its end", "damaged", "with a tail"],
)
def test_a_broken_gzip_file_is_read_as_far_as_it_goes(path: Path, spoil: type) -> None:
    text = b"".join(b'{"number": %d}\n' % number for number in range(5_000))
    path.write_bytes(spoil(gzip.compress(text)))
    with opened_lines(str(path)) as lines, pytest.raises(FileProblem, match="can't be read on"):
        list(lines)


def test_how_far_a_packed_file_is_read_counts_its_own_bytes(path: Path) -> None:
    path.write_bytes(gzip.compress(b"line\n" * 100_000))
    with opened_lines(str(path)) as lines:
        assert sum(1 for _ in lines) == 100_000
        assert lines.read_bytes == lines.size_bytes == path.stat().st_size


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblem, match="can't be read"), opened_lines(str(tmp_path / name)):
        pass


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_byte_order_mark_is_no_part_of_the_first_line(path: Path, pack: type) -> None:
    mark = b"\xef\xbb\xbf"
    assert lines_of(path, pack(mark + b"{}\n{}")) == [Line(1, b"{}"), Line(2, b"{}")]
    assert lines_of(path, pack(mark + b"\r\n{}")) == [Line(2, b"{}")]


def test_a_mark_before_the_longest_line_does_not_cut_it_in_two(path: Path) -> None:
    long = b"\xef\xbb\xbf" + b"x" * LINE_BYTES_MAX
    assert lines_of(path, long + b"\ntwo") == [Line(1, None), Line(2, b"two")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_what_windows_wrote_is_told(path: Path, encoding: str) -> None:
    with pytest.raises(FileProblem, match=r"lines is UTF-16\. Save it as UTF-8\."):
        lines_of(path, "\ufeff{}\r\n{}".encode(encoding))


@pytest.mark.parametrize(
    ("document", "command"),
    [
        (b'[{"item": "movie:a"}, {"item": "movie:b"}]', "jq -c '.[]' FILE"),
        (b'[\n  {\n    "item": "movie:a"\n  }\n]', "jq -c '.[]' FILE"),
        (b"\xef\xbb\xbf[ {}", "jq -c '.[]' FILE"),
        (b'[{"title": "' + b"x" * 2 * LINE_BYTES_MAX + b'"}]', "jq -c '.[]' FILE"),
        (b'{"items": [{"item": "movie:a"}]}', "jq -c '.items[]' FILE"),
        (b'{ "events" :[\n', "jq -c '.events[]' FILE"),
        (b'{"events": [{"id": "x"}]}', "jq -c '.events[]' FILE"),
    ],
)
def test_a_file_that_is_one_document_is_told_how_to_become_lines(
    path: Path, document: bytes, command: str
) -> None:
    with pytest.raises(FileProblem) as problem:
        lines_of(path, document)
    assert "an import wants an object a line" in str(problem.value)
    assert command in str(problem.value)


@pytest.mark.parametrize("line", [b"[]", b"[1]", b"[[{}]]", b'{"item": "movie:a", "tags": []}'])
def test_other_first_lines_are_lines(path: Path, line: bytes) -> None:
    assert lines_of(path, line + b"\n{}") == [Line(1, line), Line(2, b"{}")]
