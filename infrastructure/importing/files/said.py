"""What a file says of a play, as it says it: nothing of it is checked here, and nothing lost."""

from typing import Any, NamedTuple


class Called(NamedTuple):
    """What a file calls a film, a show or an episode."""

    ids: dict[str, Any]
    title: Any = None
    year: Any = None


class Said(NamedTuple):
    """One play. `where` is its line or member, for people; `watched_at` is a time, a day or none.

    `item` and `id` are there in a file that was mended: what it is, and the submission's id.
    """

    where: str
    kind: str
    named: Called
    show: Called | None = None
    season: Any = None
    episode: Any = None
    watched_at: Any = None
    item: str = ""
    id: str = ""


class Fault(NamedTuple):
    """A piece of a file that can't be read, and why; what comes behind it is."""

    where: str
    reason: str
