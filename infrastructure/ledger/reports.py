"""Reports: what was said of some items, found again in the ledger's own rows by its indexes."""

import json
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.events import Recorded, device_user_stream
from infrastructure.ledger.reader import COLUMNS, decoded
from infrastructure.ledger.schema import ledger_event

_event = ledger_event.c
_NO_END = 2**62
_BY_ITEM = "INDEXED BY ledger_event_item_at"
_BY_STREAM_AND_ITEM = "INDEXED BY ledger_event_stream_item"


class LedgerReports:
    """What the fold asks again, through whatever connection `connect` answers by then.

    Nothing behind `last` is found, whatever is asked for: for one who looks back.
    """

    def __init__(self, connect: Callable[[], Connection], last: int = _NO_END) -> None:
        self._connect = connect
        self._last = last

    def on(self, cduid: str, items: Collection[str], upto: int) -> list[Recorded]:
        """All activity of a cduid on some items. Raises UnreadableEvent."""
        connection = self._connect()
        query = _said(select(*COLUMNS), connection, items, min(upto, self._last))
        query = query.with_hint(ledger_event, _BY_STREAM_AND_ITEM, "sqlite")
        return decoded(connection.execute(query.where(_of(cduid))).all())

    def under_id(self, cduid: str, submission_id: UUID, upto: int) -> list[Recorded]:
        """The activity that a cduid sent under an id, if there is any yet."""
        query = select(*COLUMNS).where(
            _of(cduid),
            _event.submission_id == submission_id,
            _event.position <= min(upto, self._last),
        )
        return decoded(self._connect().execute(query).all())

    def speakers(self, items: Collection[str], upto: int) -> set[str]:
        """The cduids that said anything on any of some items."""
        connection = self._connect()
        streams = select(_event.originator_id).distinct()
        query = _said(streams, connection, items, min(upto, self._last))
        query = query.with_hint(ledger_event, _BY_ITEM, "sqlite")
        return {stream.partition(":")[2] for stream in connection.scalars(query)}


def _of(cduid: str) -> ColumnElement[bool]:
    return _event.originator_id == device_user_stream(cduid)


def _said(
    query: Select[Any], connection: Connection, items: Collection[str], upto: int
) -> Select[Any]:
    """Of a query on the ledger's rows, the activity on some items."""
    if connection.dialect.name == "postgresql":
        is_on = _event.item == any_(literal(list(items), ARRAY(Text)))
    else:
        asked = func.json_each(json.dumps(list(items))).table_valued("value")
        is_on = _event.item.in_(select(asked.c.value))
    return query.where(is_on, _event.submission_id.is_not(None), _event.position <= upto)
