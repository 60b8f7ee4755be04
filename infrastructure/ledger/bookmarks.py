"""Whether the read models' bookmark fits the ledger: by a wrong one nothing is read or projected.

A bookmark says how far the read models are and which setting was the last before that. Whoever
changes it by hand, or puts back half a database, makes answers that no event stands behind.
"""

from sqlalchemy import Connection, bindparam, literal, select

from infrastructure.ledger.reader import head
from infrastructure.ledger.schema import ledger_event
from projections.bookmark import Bookmark, BookmarkState, BookmarkWrong
from projections.read_models import METADATA

_event = ledger_event.c
_LAST_SETTING = (
    select(_event.position)
    .where(_event.submission_id.is_(None), _event.position <= bindparam("upto"))
    .order_by(_event.position.desc())
    .limit(1)
    .with_hint(ledger_event, "INDEXED BY ledger_event_settings", "sqlite")
)


def check_place(connection: Connection, place: BookmarkState) -> None:
    """Raises BookmarkWrong for a place that the ledger hasn't, in two seeks."""
    end = head(connection).position
    if place.position > end:
        raise BookmarkWrong(f"that {place.position} events are projected, the ledger has {end}")
    last = connection.execute(_LAST_SETTING, {"upto": place.position}).scalar() or 0
    if place.settings_position != last:
        raise BookmarkWrong(
            f"settings_position {place.settings_position}, but of the first {place.position} "
            f"events the last that isn't activity is {last}"
        )


def check_bookmark(connection: Connection, place: BookmarkState | None) -> None:
    """As `check_place`; also where there are read models that no bookmark belongs to."""
    if place is not None:
        check_place(connection, place)
    if (place is None or not place.position) and (table := _filled(connection)) is not None:
        raise BookmarkWrong(f"that nothing is projected, but there are rows in {table}")


def _filled(connection: Connection) -> str | None:
    """A read model that has rows, if one has."""
    for table in METADATA.sorted_tables:
        asked = select(literal(1)).select_from(table).limit(1)
        if table.name != Bookmark.__tablename__ and connection.execute(asked).first() is not None:
            return table.name
    return None
