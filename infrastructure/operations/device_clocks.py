"""Finds devices whose clocks are off, by what their newest events claim.

An event that came late says nothing about a clock: a phone was offline, or a history was imported.
What a device says happened after it was recorded does, and what it says of a time before there were
such devices.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.events import Recorded
from domain.instants import from_us
from infrastructure.operations.check import Check

_AHEAD_LONG = timedelta(minutes=1)
_UNSET_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
_NAMED_MAX = 10


def device_clocks(events: Iterable[Recorded]) -> Check:
    """What the newest events, by position, say of the clocks of the devices that sent them."""
    newest: dict[str, Recorded] = {}
    for event in events:
        if event.cduid is not None and _claimed(event) is not None:
            newest[event.cduid] = event
    wrong = [said for each in newest.values() if (said := _wrong(each))]
    if not wrong:
        return Check("device clocks", "ok", "No device claims a time that can't be.")
    more = f" and {len(wrong) - _NAMED_MAX} more" if len(wrong) > _NAMED_MAX else ""
    detail = (
        f"{'; '.join(wrong[:_NAMED_MAX])}{more}. Set the clock there: what it says until then "
        "counts as happening when it was recorded, or long ago."
    )
    return Check("device clocks", "warning", detail)


def _claimed(event: Recorded) -> datetime | None:
    found: datetime | None = getattr(event.event, "occurred_at", None)
    return found


def _wrong(event: Recorded) -> str | None:
    """What is wrong with the clock of an event's device, if anything can be seen."""
    claimed, recorded_at = _claimed(event), from_us(event.recorded_at_us)
    if claimed is None:
        return None
    if claimed < _UNSET_BEFORE:
        return f"{event.cduid} says {claimed:%Y-%m-%d %H:%M}Z (event {event.position:,})"
    if claimed - recorded_at > _AHEAD_LONG:
        ahead = _long(claimed - recorded_at)
        return f"{event.cduid} is {ahead} ahead (event {event.position:,})"
    return None


def _long(time: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = round(time.total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days:,} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
