"""How examples are written: steps in the small world, and the reference after them."""

from domain.events import Recorded
from tests.reference.model import ItemAnswer, Reference
from tests.reference.steps import Progress, Put, Step
from tests.reference.world import SLOT_US, log_of

SHELF, SHOW = "show_shelf:tv", "show:expanse"
SEASON, SEASON_2, SPECIALS = "season:ex1", "season:ex2", "season:ex0"
E1, E2, E3 = "episode:ex1e1", "episode:ex1e2", "episode:ex1e3"
E4, E5, SPECIAL = "episode:ex2e1", "episode:ex2e2", "episode:ex0e1"
DARK, DARK_SEASON, DARK_1, DARK_2 = "show:dark", "season:da1", "episode:da1e1", "episode:da1e2"
FILMS, ALIEN, BRAZIL, COCO = "movie_shelf:films", "movie:alien", "movie:brazil", "movie:coco"
NEWS, TALK = "streamable:news", "streamable:talk"

TV, PHONE, LAPTOP = "ann-tv", "ann-phone", "ann-laptop"
BOB = "bob-tv"

MINUTES_PER_SLOT = SLOT_US // 60_000_000


def put(*items: str) -> list[Step]:
    return [Put(item) for item in items]


def after(*steps: Step) -> Reference:
    return Reference(log_of(*steps))


def events_of(reference: Reference, cduid: str) -> list[Recorded]:
    """What a device user's stream holds, without its registering."""
    return [r for r in reference.log if r.cduid == cduid and r.submission_id is not None]


def answer(reference: Reference, item: str, cduid: str = TV) -> ItemAnswer:
    found = reference.item(cduid, item)
    assert found is not None
    return found


def finish(cduid: str, item: str, slots_ago: int | None = None) -> Progress:
    return Progress(cduid, item, slots_ago, played_seconds=1200.0)
