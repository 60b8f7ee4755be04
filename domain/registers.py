"""Registers, last-writer-wins: what each cduid last said about each item, and what that decides.

They are a cache of a pure function over what one cduid said about one work, in rule 2's order. What
comes in order folds in here, and so does whatever else can't change what others came to. Everything
else is read again from the ledger and folded anew (`domain.replay`), by this same code.

A leaf's register is the newest mark on it. A container's keeps the marks that still say something
that no newer one says. Registers of several devices merge by taking the newest, so no device's
facts are ever changed by another's.
"""

from collections.abc import Iterable, Iterator

from domain.catalog import Catalog
from domain.claims import MARKS, Claim, Says
from domain.plays import Completion
from domain.state.tables import ContainerMark, ContainerRegister, Landmark, Mark, Progress, Tables

_NOTHING_YET = Landmark(-(2**62), 0, is_below=False, first_version=2**62)


class Registers:
    """What is said of single items, by (cduid, item)."""

    def __init__(self, tables: Tables) -> None:
        self.marks = tables.marks
        self.containers = tables.containers
        self.progress = tables.progress
        self.landmarks = tables.landmarks
        self.completions = tables.completions

    def decider(self, catalog: Catalog, cduids: tuple[str, ...], leaf: str) -> Mark | None:
        """The newest mark that speaks about a watchable item, or about another item of its work,
        among those of `cduids` (rules 10 and 24).
        """
        newest: Mark | None = None
        marks, containers = self.marks.rows, self.containers.rows
        for item in catalog.work(leaf):
            spans = catalog.spans(item)
            for cduid in cduids:
                mark = marks[cduid][item]
                if mark is not None and (newest is None or mark > newest):
                    newest = mark
                registers = containers[cduid]
                for container in spans:
                    register = registers[container]
                    if register is None:
                        continue
                    for each, cut_us in register.marks:
                        if (newest is None or each > newest) and catalog.is_meant(
                            item, container, each.catalog_version, cut_us
                        ):
                            newest = each
        return newest

    def deciders(self, catalog: Catalog, cduids: tuple[str, ...]) -> dict[str, Mark]:
        """`decider` of every watchable item that any of `cduids` spoke about."""
        found: dict[str, Mark] = {}
        for leaf, mark in self._spoken(catalog, cduids):
            for item in catalog.work(leaf):
                known = found.get(item)
                if known is None or mark > known:
                    found[item] = mark
        return found

    def _spoken(self, catalog: Catalog, cduids: tuple[str, ...]) -> Iterator[tuple[str, Mark]]:
        for cduid in cduids:
            yield from self.marks.all_of(cduid).items()
            for container, register in self.containers.all_of(cduid).items():
                for mark, cut_us in register.marks:
                    for leaf in catalog.leaves_meant(container, mark.catalog_version, cut_us):
                        yield leaf, mark

    def first_versions(
        self, catalog: Catalog, cduids: tuple[str, ...]
    ) -> Iterator[tuple[str, int]]:
        """Every watchable item of which any of `cduids` said anything but an unwatch of it alone,
        with the least catalog version at which one of them first did; items may come repeatedly.
        """
        for cduid in cduids:
            for leaf, landmark in self.landmarks.all_of(cduid).items():
                for item in catalog.work(leaf):
                    yield item, landmark.first_version
            for container, register in self.containers.all_of(cduid).items():
                for mark, cut_us in register.marks:
                    leaves = catalog.leaves_meant(container, mark.catalog_version, cut_us)
                    for item in catalog.with_works(leaves):
                        yield item, register.first_version

    def was_ever_watched(self, catalog: Catalog, cduids: tuple[str, ...], leaf: str) -> bool:
        """Whether any of `cduids` ever said of a work that it is watched, unwatched since or not.

        Needs the completions of the work and the marks on the containers above.
        """
        return any(
            self.completions.get(cduid, item)
            or any(
                mark.watched and catalog.is_meant(item, container, mark.catalog_version, cut_us)
                for container in catalog.spans(item)
                for mark, cut_us in self.container_marks(cduid, container)
            )
            for item in catalog.work(leaf)
            for cduid in cduids
        )

    # What was said on a watchable item.

    def is_late(
        self, catalog: Catalog, cduid: str, leaf: str, claim: Claim, before: Mark | None
    ) -> bool:
        """Whether what was said may change what other words of the same cduid came to.

        A completion comes to what all before it made of it, so it has to be the newest there is.
        `before` is the newest mark of the cduid on the work, if it is a mark.
        """
        landmarks, progress = self.landmarks.rows[cduid], self.progress.rows[cduid]
        completes = claim.says is Says.COMPLETE or claim.says is Says.WATCH
        for item in catalog.work(leaf):
            landmark = landmarks[item]
            if landmark is not None and claim[:2] < landmark[:2]:
                return True
            started = progress[item] if completes else None
            if started is not None and claim[:2] < started[:2]:
                return True
        return completes and before is not None and claim[:2] < before[:2]

    def hear(
        self, catalog: Catalog, cduid: str, leaf: str, claim: Claim, before: Mark | None
    ) -> Completion | None:
        """Take in what isn't late; the completion that it is, if it is one.

        `before` is what the cduid's own word before it left the work.
        """
        if claim.says in MARKS:
            return self._hear_mark(catalog, cduid, leaf, claim, before)
        if claim.says is Says.STARTED:
            self._start(cduid, leaf, claim, before)
        self._pass(catalog, cduid, leaf, claim, completes=False)
        return None

    def _hear_mark(
        self, catalog: Catalog, cduid: str, leaf: str, claim: Claim, before: Mark | None
    ) -> Completion | None:
        is_idle = claim.is_idle(before)
        completion = None
        if claim.says is not Says.UNWATCH:
            if not is_idle:
                completion = self._complete(catalog, cduid, leaf, claim)
            self._pass(catalog, cduid, leaf, claim, completes=not is_idle)
        if not is_idle:
            mark, known = claim.mark, self.marks.get(cduid, leaf)
            if known is None or mark > known:
                self.marks.put(cduid, leaf, mark)
            self.end(catalog, cduid, leaf, mark)
        return completion

    def _complete(self, catalog: Catalog, cduid: str, leaf: str, claim: Claim) -> Completion:
        landmarks = (self.landmarks.get(cduid, item) for item in catalog.work(leaf))
        completion = Completion(
            claim.at_us,
            claim.position,
            claim.duration_seconds,
            claim.share,
            claim.gives_time,
            is_below=any(each.is_below for each in landmarks if each is not None),
        )
        known = self.completions.get(cduid, leaf) or ()
        self.completions.put(cduid, leaf, tuple(sorted((*known, completion))))
        return completion

    def _pass(
        self, catalog: Catalog, cduid: str, leaf: str, claim: Claim, *, completes: bool
    ) -> None:
        """Move the landmark on, and with a completion those of the whole work."""
        known = self.landmarks.get(cduid, leaf)
        at = known or _NOTHING_YET
        newest = at[:2] if claim.says is Says.STARTED else max(at[:2], claim[:2])
        is_below = not completes and (at.is_below or claim.is_below)
        first_version = min(at.first_version, claim.catalog_version)
        landmark = Landmark(*newest, is_below, first_version)
        if landmark != known:
            self.landmarks.put(cduid, leaf, landmark)
        if completes:
            for item in catalog.work(leaf):
                other = self.landmarks.get(cduid, item)
                if other is not None and other.is_below:
                    self.landmarks.put(cduid, item, other._replace(is_below=False))

    def _start(self, cduid: str, leaf: str, claim: Claim, before: Mark | None) -> None:
        progress = Progress(claim.at_us, claim.position, *claim[6:])
        known = self.progress.get(cduid, leaf)
        if (known is None or progress[:2] > known[:2]) and (
            before is None or progress[:2] > before[:2]
        ):
            self.progress.put(cduid, leaf, progress)

    def end(self, catalog: Catalog, cduid: str, leaf: str, mark: Mark) -> None:
        """What was started of a work before a mark that is about it is in progress no longer."""
        for item in catalog.work(leaf):
            progress = self.progress.get(cduid, item)
            if progress is not None and mark[:2] > progress[:2]:
                self.progress.put(cduid, item, None)

    # What was said on a container.

    def container_marks(self, cduid: str, container: str) -> tuple[ContainerMark, ...]:
        """The marks of a cduid on a container that still count."""
        register = self.containers.get(cduid, container)
        return () if register is None else register.marks

    def mark_container(
        self,
        catalog: Catalog,
        cduid: str,
        container: str,
        mark: ContainerMark,
        recorded_version: int,
    ) -> int:
        """Take in a mark on a container, and end what was started under it.

        Answers the least version that any mark of the cduid on it records.
        """
        known = self.containers.get(cduid, container)
        version = recorded_version if known is None else min(known.first_version, recorded_version)
        marks = (*self.container_marks(cduid, container), mark)
        register = ContainerRegister(version, that_count(catalog, container, marks))
        self.containers.put(cduid, container, register)
        for leaf in self.progress.all_of(cduid):
            if is_about(catalog, catalog.work(leaf), container, mark):
                self.end(catalog, cduid, leaf, mark.mark)
        return version

    def own_under(self, catalog: Catalog, cduid: str, container: str) -> set[str]:
        """The items of which a cduid itself said anything, that ever stood under a container or are
        of the work of one that did.
        """
        own = self.landmarks.all_of(cduid).keys() | self.marks.all_of(cduid).keys()
        return {
            leaf
            for leaf in own
            if any(container in catalog.spans(item) for item in catalog.work(leaf))
        }


def is_about(catalog: Catalog, work: Iterable[str], container: str, said: ContainerMark) -> bool:
    """Whether a mark on a container speaks about any item of a work (rule 7)."""
    version, cut_us = said.mark.catalog_version, said.cut_us
    return any(catalog.is_meant(item, container, version, cut_us) for item in work)


def that_count(
    catalog: Catalog, container: str, marks: Iterable[ContainerMark]
) -> tuple[ContainerMark, ...]:
    """The marks of which no newer one says all that they say, in rule 2's order.

    A watch stays behind an unwatch all the same: it says that all of it was watched once.
    """
    kept: list[ContainerMark] = []
    for newer in sorted(marks, reverse=True):
        if not any(_says_all(catalog, container, each, newer) for each in kept):
            kept.append(newer)
    return tuple(reversed(kept))


def _says_all(catalog: Catalog, container: str, newer: ContainerMark, older: ContainerMark) -> bool:
    return (
        (newer.mark.watched or not older.mark.watched)
        and newer.cut_us >= older.cut_us
        and catalog.kept_all(container, older.mark.catalog_version, newer.mark.catalog_version)
    )
