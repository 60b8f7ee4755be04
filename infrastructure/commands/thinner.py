"""The thinner: says of each progress on its way in what it is held against (rule 32)."""

from collections.abc import Sequence
from functools import partial

from domain.catalog import Catalog
from domain.events import ProgressReported
from domain.thinning import Thinning, speaking_about
from infrastructure.ledger.entries import Entry, Repeatable

_KEPT_MAX = 20_000


class Thinner:
    """Keeps what it has found of a catalog for as long as that is the newest.

    Threads may find the same twice; none finds it of another's catalog.
    """

    def __init__(self, thinning: Thinning) -> None:
        self._thinning = thinning
        self._found: tuple[Catalog, dict[str, Repeatable]] = Catalog(), {}

    def held(self, entries: Sequence[Entry], catalog: Catalog) -> list[Entry]:
        """The entries, each progress with what it may repeat."""
        kept_of, kept = self._found
        if kept_of is not catalog or len(kept) > _KEPT_MAX:
            kept = {}
            self._found = catalog, kept
        return [
            entry._replace(repeatable=self._repeatable(entry.event.item, catalog, kept))
            if isinstance(entry.event, ProgressReported) and not entry.is_refused
            else entry
            for entry in entries
        ]

    def _repeatable(self, item: str, catalog: Catalog, kept: dict[str, Repeatable]) -> Repeatable:
        found = kept.get(item)
        if found is None:
            is_repeated = partial(self._thinning.is_repeated, catalog)
            found = kept[item] = Repeatable(speaking_about(catalog, item), is_repeated)
        return found
