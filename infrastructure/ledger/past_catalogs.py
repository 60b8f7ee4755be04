"""Past catalogs: the catalog as of earlier versions of it, some of them kept, for looking back.

A version never changes, and versions share what is the same in them. Whoever looks back waits for
others who do, but holds nothing that writers, the projector or readers of the present wait for.
"""

from collections.abc import Callable
from itertools import pairwise
from threading import Lock

from sqlalchemy import Connection

from domain.catalog import Catalog
from domain.events import CATALOG, Recorded
from infrastructure.ledger.reader import read_catalog

_KEPT_MAX = 12


class PastCatalogs:
    """Versions of the catalog, for any number of threads."""

    def __init__(self) -> None:
        self._kept = {0: Catalog()}
        self._making = Lock()

    def at(
        self, connection: Connection, version: int, now: Catalog, go_on: Callable[[], None]
    ) -> Catalog:
        """The catalog at a version, which mustn't be changed; `now` is it at one no older.

        `go_on` is called before each page of the ledger that this takes, and may raise.
        """
        if version == now.version:
            return now
        with self._making:
            nearest = max(each for each in self._kept if each <= version)
            for page in read_catalog(connection, nearest, version):
                go_on()
                nearest = self._keep(evolved(self._kept[nearest].fork(), page))
            return self._kept[version]

    def fork(self, catalog: Catalog) -> Catalog:
        """One of these versions, to be changed."""
        with self._making:
            return catalog.fork()

    def _keep(self, catalog: Catalog) -> int:
        """Keeps a version; of too many that goes which takes the least to be made again."""
        self._kept[catalog.version] = catalog
        if len(self._kept) > _KEPT_MAX:
            others = sorted(each for each in self._kept if each != catalog.version)
            _, cheapest = min(pairwise(others), key=lambda each: each[1] - each[0])
            del self._kept[cheapest]
        return catalog.version


def evolved(catalog: Catalog, events: list[Recorded]) -> Catalog:
    """The catalog with more of its events, itself changed."""
    for each in events:
        if isinstance(each.event, CATALOG):
            catalog.evolve(each.event, each.version, each.recorded_at_us, each.position)
    return catalog
