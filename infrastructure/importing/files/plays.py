"""From what a file says of a play to the submission that it becomes.

Its id is made of the format, the user, what was named and when: a file that is imported again, in
part, in another order, or with titles put right since, is all duplicates.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from domain.events import ItemWatched
from domain.external_ids import NAMESPACES, ids_of
from domain.items import ItemId
from domain.references import Reference, unresolved_item
from infrastructure.commands.submissions import Submission
from infrastructure.commands.validation import faults, in_words
from infrastructure.importing.files.said import Called, Said

_FIRST_YEAR = 1900
_NOON = "T12:00:00Z"
_AHEAD_MAX = timedelta(days=1)
_is_day = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch
_ITEM = TypeAdapter[str](ItemId)
_UNSET = (1970, 1)
_DIGITS_MAX = 10
_BEST_FIRST = ("trakt", "simkl", *NAMESPACES)


class Unusable(Exception):
    """A play that can't be submitted as the file says it; the message says why."""


def submission_of(said: Said, kind: str, cduid: str, user: str, now: datetime) -> Submission:
    """Raises Unusable."""
    occurred_at = moment_of(said.watched_at, now)
    try:
        event = _event(said, occurred_at)
        known = UUID(said.id) if said.id else None
    except ValidationError as error:
        raise Unusable(f"{in_words(faults(error))}.") from None
    except ValueError:
        raise Unusable(f"The id {said.id!r} isn't one that an import has written.") from None
    return Submission(known or _id(said, kind, user, occurred_at), cduid, event)


def _event(said: Said, occurred_at: datetime | None) -> ItemWatched:
    reference = None if said.item else reference_of(said)
    item = _ITEM.validate_python(said.item) if reference is None else unresolved_item(reference)
    return ItemWatched(
        item=item, ref=reference, occurred_at=occurred_at, undated=occurred_at is None
    )


def reference_of(said: Said) -> Reference:
    """Raises ValidationError."""
    show = None if said.show is None else _fields(said.show)
    return Reference.model_validate(
        {
            "kind": said.kind,
            **_fields(said.named),
            "show": show if show and (show["ids"] or show["title"]) else None,
            "season": _number(said.season),
            "episode": _number(said.episode),
        }
    )


def _fields(named: Called) -> dict[str, Any]:
    return {"ids": named.ids, "title": named.title or None, "year": _number(named.year)}


def _number(value: Any) -> Any:
    """A number that stands there as text; what is none stays as it is, to be told."""
    text = value.strip() if isinstance(value, str) else value
    if text == "":
        return None
    return (
        int(text)
        if isinstance(text, str) and text.isdecimal() and len(text) <= _DIGITS_MAX
        else text
    )


def moment_of(value: Any, now: datetime) -> datetime | None:
    """When it was watched: a bare day is its noon in UTC, which is that day nearly everywhere.

    None where nobody knows: nothing is said, or a clock shows January 1970. Raises Unusable.
    """
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == "" or str(text).lower() == "unknown":
        return None
    try:
        moment = datetime.fromisoformat(_whole(text)).replace(microsecond=0)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unusable(
            f"{str(text)[:50]!r} isn't a time; write one such as 2026-01-31T20:15:00Z, or a day."
        ) from None
    if (moment.year, moment.month) == _UNSET:
        return None
    if moment > now + _AHEAD_MAX:
        raise Unusable(f"{text} lies ahead; put the time right.")
    if moment.year < _FIRST_YEAR:
        raise Unusable(f"{text} is before there were films; put the time right.")
    return moment


def _whole(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError
    return f"{text}{_NOON}" if _is_day(text) else text.removesuffix(" UTC")


def _id(said: Said, kind: str, user: str, occurred_at: datetime | None) -> UUID:
    when = None if occurred_at is None else occurred_at.isoformat()
    name = json.dumps(["watchledger import", kind, user, _named(said), when])
    return uuid5(NAMESPACE_URL, name)


def _named(said: Said) -> list[Any]:
    """What stays as it is while a tracker puts titles right and learns of further ids."""
    if said.item:
        return [said.item]
    own = _best(said.named)
    if said.kind == "movie" or own[0] != "title":
        return [said.kind, *own]
    numbers = [_number(said.season), _number(said.episode)]
    return [said.kind, *_best(said.show or Called({})), *numbers]


def _best(named: Called) -> tuple[Any, ...]:
    ids = ids_of({name: str(each) for name, each in named.ids.items() if each is not None})
    for namespace in (*_BEST_FIRST, *sorted(ids)):
        if namespace in ids:
            return namespace, ids[namespace]
    return "title", str(named.title or "").casefold(), _number(named.year)
