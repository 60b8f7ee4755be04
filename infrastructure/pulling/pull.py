"""A pull of a source: its library is placed, what is gone hidden, what was watched said, once.

It can be broken off at any moment: what was placed is unchanged the next time, what was said is
there already, and nothing is hidden before all libraries were read to their ends.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from domain.items import Kind
from domain.rejection import Refused, Rejection
from domain.source import Source
from infrastructure.commands.activity import ActivityHandler
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.pulling.addresses import address_of, sources_in
from infrastructure.pulling.ledgers import InLedger, Target, Tried
from infrastructure.pulling.library import LibraryPull
from infrastructure.pulling.listed import Library, Reader
from infrastructure.pulling.readers import reading
from infrastructure.pulling.report import Report
from infrastructure.pulling.telling import admitted, tell

Update = Callable[[str, int], None]
"""Is told what is being done and how much of it was done since it was last told."""

_UPDATE_EVERY = 500


class Puller:
    """Pulls from any thread. `file` says where the servers are."""

    def __init__(
        self,
        engine: Engine,
        directories: CurrentDirectory,
        handler: CommandHandler,
        activity: ActivityHandler,
        sources: SourceHandler,
        file: Path | None,
    ) -> None:
        self._engine = engine
        self._directories = directories
        self._in_ledger = InLedger(directories, handler, activity, sources)
        self._sources = sources
        self._file = file

    def names(self) -> list[str]:
        """The sources that have an address. Raises PullProblem if the file can't be read."""
        with_address = sources_in(self._file) if self._file else []
        return [name for name in with_address if name in self._sources.all()]

    def pull(
        self,
        name: str,
        *,
        is_dry: bool = False,
        hides_all: bool = False,
        update: Update = lambda _what, _count: None,
    ) -> Report:
        """What came of it. Raises PullProblem, DatabaseProblem and, for an unknown source, Refused.

        `is_dry`: nothing is recorded. `hides_all`: however much is gone.
        """
        source = self._sources.named(name)
        if not source.places:
            raise Refused(
                Rejection(
                    "source_places_nothing",
                    f"{name} is set to place nothing; let it: watchledger source add {name} "
                    f"--kind {source.kind} --places",
                )
            )
        report = Report(name, is_dry)
        target: Target = Tried(self._engine, self._directories) if is_dry else self._in_ledger
        with reading(source, address_of(name, self._file)) as reader:
            _Pull(source, reader, target, report, update).run(hides_all=hides_all)
        return report


class _Pull:
    def __init__(
        self, source: Source, reader: Reader, target: Target, report: Report, update: Update
    ) -> None:
        self._source = source
        self._reader = reader
        self._target = target
        self._report = report
        self._update = update
        self._library = LibraryPull(source, target, report)

    def run(self, *, hides_all: bool) -> None:
        self._library.check_server(self._source.kind, self._reader.server)
        for library in self._reader.libraries():
            count = sum(self._take_all(library, kind) for kind in library.kinds)
            if not count:
                self._library.is_empty(library)
        self._library.finish(hides_all=hides_all)
        self._tell()

    def _take_all(self, library: Library, kind: Kind) -> int:
        count, called = 0, library.title or library.key
        for count, listed in enumerate(self._reader.items(library, kind), 1):
            self._library.take(library, listed)
            if count % _UPDATE_EVERY == 0:
                self._update(called, _UPDATE_EVERY)
        self._update(called, count % _UPDATE_EVERY)
        return count

    def _tell(self) -> None:
        accounts = admitted(self._source, self._reader.accounts(), self._target, self._report)
        if not accounts:
            return
        seen = self._reader.seen(accounts)
        for count in tell(self._source, seen, self._library, self._target, self._report):
            self._update("what was watched", count)
