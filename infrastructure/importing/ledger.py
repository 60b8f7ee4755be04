"""Taking a whole ledger from one database to another, an event a line (NDJSON).

What is exported is every column that isn't derived, so the copy has the same positions, times and
digests. An import checks every event as `verify` does before it takes it in. It can be
interrupted: run again, it goes on behind the last event that is there.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine, select

from domain.events import ERASURES_STREAM, at_us
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.importing.lines import LINE_BYTES_MAX, Line
from infrastructure.ledger.continuity import Continuity
from infrastructure.ledger.coverage import Coverage
from infrastructure.ledger.entries import NumberedRows, Row
from infrastructure.ledger.mapper import decode
from infrastructure.ledger.reader import head, read_changed_rows, read_rows, read_stream
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.soundness import check_sound
from infrastructure.ledger.statements import statements_of
from projections.driver import driver_of

_PAGE = 1_000

Model = TypeVar("Model", bound=BaseModel)


class CopyProblem(Exception):
    """A ledger that can't be taken in; the message says where and why. What came before is in."""


class Heading(BaseModel):
    """An export's first line: the last position that it has."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: Literal["watchledger-ledger-1"] = "watchledger-ledger-1"
    position: int = Field(ge=0)


class CopiedEvent(BaseModel):
    """Every further line. `state` is the event's JSON to the letter, since its digest is of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    stream: str
    version: int
    topic: str
    state: str
    recorded_at_us: int
    catalog_version: int
    submission_id: UUID | None = None
    user: str | None = None
    salt: Base64Bytes
    digest: Base64Bytes

    def row(self) -> Row:
        """Raises ValueError for an event that can't be read."""
        state = self.state.encode()
        event = decode(self.topic, state)
        return Row(
            self.position,
            self.stream,
            self.version,
            self.topic,
            state,
            self.recorded_at_us,
            at_us(event, self.recorded_at_us),
            self.catalog_version,
            None if self.submission_id is None else self.submission_id.hex,
            self.user,
            getattr(event, "item", None),
            self.salt,
            self.digest,
        )


def export_ledger(
    engine: Engine, on_events: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """The lines of the ledger as it is when it begins. Raises DatabaseProblem."""
    with read_transaction(engine) as connection:
        upto = head(connection).position
    yield _line(Heading(position=upto))
    position = 0
    while position < upto:
        # Each page in a transaction of its own: nothing below the head ever changes.
        with read_transaction(engine) as connection:
            rows = read_rows(connection, position, min(_PAGE, upto - position))
        yield from (_line(_copied(row)) for row in rows)
        position = rows[-1].position
        on_events(len(rows))


def _line(model: BaseModel) -> bytes:
    return model.model_dump_json(exclude_none=True).encode() + b"\n"


def _copied(row: Row) -> CopiedEvent:
    return CopiedEvent.model_construct(
        position=row.position,
        stream=row.stream,
        version=row.version,
        topic=row.topic,
        state=row.state.decode(),
        recorded_at_us=row.recorded_at_us,
        catalog_version=row.catalog_version,
        submission_id=None if row.submission_id is None else UUID(row.submission_id),
        user=row.user,
        salt=row.salt,
        digest=row.digest,
    )


def import_ledger(
    engine: Engine,
    lines: Iterable[Line],
    on_events: Callable[[int, bool], None] = lambda _count, _is_new: None,
) -> int:
    """Take a ledger into a database that is empty or holds its beginning; answers the position.

    `on_events` hears how many events were passed, and whether they were new. Raises CopyProblem and
    DatabaseProblem; every event before the fault is in by then.
    """
    rest = iter(lines)
    heading = _parsed(next(rest, None), Heading)
    position = 0
    while chunk := list(islice(rest, _PAGE)):
        rows = [_row(line) for line in chunk]
        on_events(len(rows), _take(engine, rows))
        position = rows[-1].position
    if (fault := next(_coverage_faults(engine), None)) is not None:
        raise CopyProblem(f"The export isn't whole. {fault}")
    if position != heading.position:
        raise CopyProblem(
            f"The file should hold {heading.position} events and ends after {position}. "
            "Export it again, and import that: what is in already does no harm."
        )
    return position


def _coverage_faults(engine: Engine) -> Iterator[str]:
    """Whether all that erasures have changed is covered: that is told by later events than it."""
    coverage, position = Coverage(), 0
    with read_transaction(engine) as connection:
        while rows := read_changed_rows(connection, position, _PAGE):
            for row in rows:
                coverage.take(row)
            position = rows[-1].position
        for recorded in read_stream(connection, ERASURES_STREAM):
            coverage.learn(recorded.event)
    return coverage.faults()


def _row(line: Line) -> Row:
    copied = _parsed(line, CopiedEvent)
    try:
        return copied.row()
    except ValueError as error:
        raise CopyProblem(f"Line {line.number}: the event can't be read: {error}") from error


def _parsed(line: Line | None, model: type[Model]) -> Model:
    if line is None or line.text is None:
        what = "the file is empty" if line is None else f"a line has over {LINE_BYTES_MAX} bytes"
        raise CopyProblem(f"This is no export of a ledger: {what}.")
    try:
        return model.model_validate_json(line.text)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise CopyProblem(
            f"Line {line.number} isn't what `watchledger export` writes: {reason}."
        ) from None


def _take(engine: Engine, rows: list[Row]) -> bool:
    """Record what isn't there yet; whether there was any. Raises CopyProblem."""
    statements = statements_of(engine.dialect.name)
    with write_transaction(engine) as connection:
        driver = driver_of(connection)
        statements.hold(driver)
        check_sound(driver, engine.dialect)
        seen, found = statements.look(driver, {row.stream for row in rows}, [])
        there = [row for row in rows if row.position <= seen.position]
        new = rows[len(there) :]
        known = select(ledger_event.c.position, ledger_event.c.digest).where(
            ledger_event.c.position.in_([row.position for row in there])
        )
        digests = dict(connection.execute(known).all())
        if {row.position: row.digest for row in there} != digests:
            raise CopyProblem(
                "The database holds another ledger. Import into an empty one, "
                "or into one that an import of this ledger has begun."
            )
        if new:
            continuity = Continuity(*seen, streams=found.streams)
            for row in new:
                if fault := next(continuity.faults(row), None):
                    raise CopyProblem(f"The export isn't whole. {fault}")
            statements.insert(driver, lambda: NumberedRows(new, continuity.head), seen)
    return bool(new)
