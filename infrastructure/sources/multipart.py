"""Forms: `multipart/form-data`, in which Plex and Emby wrap their JSON, Plex with a picture beside.

The parser is python-multipart's, fed from bytes. Only the parts that are asked for are kept;
pictures are passed over.
"""

from collections.abc import Collection

from python_multipart.multipart import MultipartParser, parse_options_header

from infrastructure.sources.heard import NotUnderstood

PART_BYTES_MAX = 2**20
"""Many times what any server says of one viewing."""
_PARTS_MAX = 100
_CONTENT_TYPE_MAX = 1_000


def is_form(content_type: str) -> bool:
    return content_type.strip().lower().startswith("multipart/")


def read_form(content_type: str, body: bytes, wanted: Collection[str]) -> dict[str, bytes]:
    """The wanted parts of a form by their names, those that are there."""
    form = _Form(wanted)
    try:
        form.parse(_boundary(content_type), body)
    except ValueError as error:
        said = str(error).rstrip(".")
        raise NotUnderstood(f"The form it came as is broken: {said}.") from error
    if not form.is_whole:
        raise NotUnderstood("The form it came as breaks off before its end.")
    return {name: bytes(content) for name, content in form.parts.items()}


def _boundary(content_type: str) -> bytes:
    _, options = parse_options_header(content_type[:_CONTENT_TYPE_MAX])
    boundary = options.get(b"boundary")
    if not boundary:
        raise ValueError("its content type names no boundary between the parts")
    return boundary


class _Form:
    """Takes what the parser finds, and keeps of it the parts that are wanted."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.parts: dict[str, bytearray] = {}
        self.is_whole = False
        self._wanted = {name.encode() for name in wanted}
        self._count = 0
        self._header = bytearray()
        self._value = bytearray()
        self._kept: bytearray | None = None

    def parse(self, boundary: bytes, body: bytes) -> None:
        """Raises ValueError where the form is broken."""
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_part_data": self._on_data,
                "on_end": self._on_end,
            },
        )
        parser.write(body)

    def _begin(self) -> None:
        self._kept = None
        self._count += 1
        if self._count > _PARTS_MAX:
            raise NotUnderstood(f"The form it came as has more than {_PARTS_MAX} parts.")

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value.decode("latin-1"))
            name = options.get(b"name", b"")
            if name in self._wanted:
                self._kept = self.parts[name.decode()] = bytearray()
        self._header.clear()
        self._value.clear()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._kept is None:
            return
        self._kept += data[start:end]
        if len(self._kept) > PART_BYTES_MAX:
            raise NotUnderstood(
                f"What it says is longer than {PART_BYTES_MAX:,} bytes, which no server's is."
            )

    def _on_end(self) -> None:
        self.is_whole = True
