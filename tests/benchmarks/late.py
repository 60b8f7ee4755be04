"""What share of what comes late, or is taken back, makes the projector hear a work anew.

The mix, but one device of ten is a phone that is away for some evenings: what it says then it sends
when it is back, after the first that it says from home. Now and then somebody takes back what they
have just said. All else comes in order. So one event of twenty lies behind what is there already,
but few lie behind what the same device user said of the same work, and only these are late.
"""

from collections.abc import Iterator
from itertools import chain, islice
from random import Random
from uuid import UUID

from domain.events import ActivityRetracted
from domain.policy import Policy
from infrastructure.ledger.entries import Entry
from infrastructure.projecting.projector import Projector
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill
from tests.benchmarks.harness import Bench, Line, within
from tests.benchmarks.mix import Mix

_EVENINGS = 10
_PHONES = 0.1
_AWAY = 0.5
_TAKEN_BACK = 0.002
_PAGE_SIZE = 100
"""As pages are where events come in a few at a time: in larger ones less is heard anew."""

_HEARD_ANEW_MAX = 10


def _as_they_come(mix: Mix, count: int) -> Iterator[Entry]:
    """What happens in as many events, in the order in which the ledger gets it."""
    chance, activity = Random(2), mix.activity()  # noqa: S311  # it makes examples
    phones = {each.cduid for each in mix.devices if chance.random() < _PHONES}
    held: dict[str, list[Entry]] = {}
    for _ in range(_EVENINGS):
        away = {f"cduid:{phone}" for phone in sorted(phones) if chance.random() < _AWAY}
        for entry in islice(activity, count // _EVENINGS):
            if entry.stream in away:
                held.setdefault(entry.stream, []).append(entry)
                continue
            yield entry
            yield from held.pop(entry.stream, ())
            if chance.random() < _TAKEN_BACK and entry.submission_id is not None:
                event = ActivityRetracted(retracts=entry.submission_id)
                submission_id = UUID(int=chance.getrandbits(128), version=4)
                yield Entry(entry.stream, event, submission_id, entry.user)
    yield from chain.from_iterable(held.values())


def _heard_anew(bench: Bench) -> float:
    """How many works are heard anew for each thousand events."""
    mix = Mix()
    engine = new_ledger(bench.database)
    bench.stack.callback(engine.dispose)
    activity = list(_as_they_come(mix, bench.sizes.mix_events))
    fill(engine, chain(mix.settings, activity))
    projector = Projector(engine, Policy(), page_size=_PAGE_SIZE)
    heard_anew = 0
    while projector.project_page():
        fold = projector._processor._fold
        assert fold is not None
        heard_anew += len(fold.reheard)  # nothing is linked here: each item is a work
    return 1_000 * heard_anew / len(activity)


LINES: tuple[Line, ...] = (
    within(
        "works heard anew for 1,000 events, some late or taken back", _heard_anew, _HEARD_ANEW_MAX
    ),
)
