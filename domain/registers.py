"""Registers, last-writer-wins: what each cduid last said about each item, and what that decides.

A leaf's register is the newest mark on it. A container's keeps the newest mark of every catalog
version (a container mark), since a newer one with an older version doesn't rule out an older one
that spoke about more. Registers of several devices merge by taking the newest, so no device's facts
are ever changed by another's, and the order of arrival doesn't matter.
"""

from collections.abc import Iterator

from domain.catalog import Catalog
from domain.items import is_watchable
from domain.plays import Completion
from domain.state.tables import ContainerRegister, Mark, Progress, Tables


class Registers:
    """What is said of single items, by (cduid, item)."""

    def __init__(self, tables: Tables) -> None:
        self.marks = tables.marks
        self.containers = tables.containers
        self.progress = tables.progress
        self.completions = tables.completions

    def decider(self, catalog: Catalog, cduids: tuple[str, ...], leaf: str) -> Mark | None:
        """The newest mark that speaks about a watchable item, among those of `cduids` (rule 10)."""
        # As `spoken` has it, without the detour: every mark comes by here many times.
        newest: Mark | None = None
        marks, containers = self.marks.rows, self.containers.rows
        spans = catalog.spans(leaf)
        for cduid in cduids:
            mark = marks[cduid][leaf]
            if mark is not None and (newest is None or mark > newest):
                newest = mark
            registers = containers[cduid]
            for container in spans:
                register = registers[container]
                if register is None or not register.marks:
                    continue
                for each in register.marks:
                    if (newest is None or each > newest) and catalog.stood_under(
                        leaf, container, each.catalog_version
                    ):
                        newest = each
        return newest

    def spoken(self, catalog: Catalog, cduids: tuple[str, ...], leaf: str) -> Iterator[Mark]:
        """The marks kept that speak about a watchable item (rule 7), in no order."""
        spans = catalog.spans(leaf)
        for cduid in cduids:
            mark = self.marks.get(cduid, leaf)
            if mark is not None:
                yield mark
            for container in spans:
                register = self.containers.get(cduid, container)
                for each in register.marks if register is not None else ():
                    if catalog.stood_under(leaf, container, each.catalog_version):
                        yield each

    def deciders(self, catalog: Catalog, cduids: tuple[str, ...]) -> dict[str, Mark]:
        """`decider` of every watchable item that any of `cduids` spoke about."""
        found: dict[str, Mark] = {}
        for cduid in cduids:
            for leaf, mark in self.marks.all_of(cduid).items():
                known = found.get(leaf)
                if known is None or mark > known:
                    found[leaf] = mark
            for container, register in self.containers.all_of(cduid).items():
                for mark in register.marks:
                    for leaf in catalog.leaves_then(container, mark.catalog_version):
                        known = found.get(leaf)
                        if known is None or mark > known:
                            found[leaf] = mark
        return found

    def say(self, catalog: Catalog, cduid: str, item: str, mark: Mark) -> None:
        """Take in a mark."""
        if not is_watchable(item):
            self._mark_container(catalog, cduid, item, mark)
            return
        known = self.marks.get(cduid, item)
        if known is None or mark > known:
            self.marks.put(cduid, item, mark)
            self._end(cduid, item, mark)

    def _mark_container(self, catalog: Catalog, cduid: str, container: str, mark: Mark) -> None:
        register = self.containers.get(cduid, container)
        if container not in catalog or register is None:
            return
        marks = register.marks
        if marks and marks[-1].catalog_version == mark.catalog_version:
            if marks[-1] > mark:
                return
            marks = marks[:-1]
        if not catalog.has_left(container):
            marks = tuple(each for each in marks if each > mark)
        self.containers.put(cduid, container, register._replace(marks=(*marks, mark)))
        for leaf in self.progress.all_of(cduid):
            if catalog.since(leaf, container) is not None:
                self._end(cduid, leaf, mark)

    def _end(self, cduid: str, leaf: str, mark: Mark) -> None:
        """What was started before a mark that speaks about it is no longer in progress."""
        progress = self.progress.get(cduid, leaf)
        if progress is not None and mark[:2] > progress[:2]:
            self.progress.put(cduid, leaf, None)

    def start(self, catalog: Catalog, cduid: str, leaf: str, progress: Progress) -> None:
        """Take in a started progress, unless the same cduid has said more since (rule 12)."""
        known: Progress | Mark | None = self.progress.get(cduid, leaf)
        if known is None:  # what is kept is newer than every mark: a tick need ask for none
            known = self.decider(catalog, (cduid,), leaf)
        if known is None or progress[:2] > known[:2]:
            self.progress.put(cduid, leaf, progress)

    def complete(self, cduid: str, leaf: str, completion: Completion) -> None:
        """Take in a completion, in rule 2's order; none is ever taken away (rule 13)."""
        known = self.completions.get(cduid, leaf) or ()
        self.completions.put(cduid, leaf, tuple(sorted((*known, completion))))

    def touch(self, cduid: str, container: str, catalog_version: int) -> None:
        """Remember the first version at which anything was said at, above or below a container."""
        if self.containers.get(cduid, container) is None:
            self.containers.put(cduid, container, ContainerRegister(catalog_version))
