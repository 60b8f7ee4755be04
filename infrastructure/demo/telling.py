"""How the demo is told: lines in color, at a pace that can be read."""

from collections.abc import Mapping
from time import sleep
from typing import Any

from rich.console import Console
from rich.markup import escape

_PAUSE_SECONDS = 0.15


class Teller:
    """Prints what happens; without `is_paced` as fast as it does."""

    def __init__(self, console: Console, titles: Mapping[str, str], *, is_paced: bool) -> None:
        self._console = console
        self._titles = dict(titles)
        self._is_paced = is_paced

    def learn(self, item: str, title: str) -> None:
        """A new item's title."""
        self._titles[item] = title

    def title(self, item: str) -> str:
        return self._titles.get(item, item)

    def scene(self, heading: str) -> None:
        self._console.print()
        self._console.print(f"[bold cyan]{escape(heading)}[/]")
        self._pause()

    def happens(self, clock: str, who: str, what: str) -> None:
        """Something that somebody does."""
        self._console.print(f"  [dim]{clock}[/] [bold]{escape(who)}[/] {escape(what)}")
        self._pause()

    def note(self, text: str) -> None:
        """What follows from it."""
        self._console.print(f"        [dim]{escape(text)}[/]")
        self._pause()

    def rows(self, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """What became of the rows of Watched."""
        for item in sorted(before.keys() - after.keys()):
            self._console.print(f"        [yellow]- {item:<24}[/] [dim]{self._quoted(item)}[/]")
        for item, version in sorted(after.items()):
            if before.get(item) != version:
                sign, dated = "~" if item in before else "+", f"as of catalog version {version}"
                self._console.print(
                    f"        [green]{sign} {item:<24}[/] [dim]{self._quoted(item)}, {dated}[/]"
                )
        if before == after:
            self._console.print("        [dim]no row of Watched changes[/]")
        self._pause()

    def item(self, shown: Mapping[str, Any]) -> None:
        """How an item looks to somebody."""
        progress = shown["in_progress"]
        counted = (
            f" ({shown['watched_leaves']} of {shown['leaves']})" if shown["leaves"] > 1 else ""
        )
        running = ""
        if progress is not None:
            share = progress["played_seconds"] / progress["duration_seconds"]
            running = f", [magenta]in progress at {share:.0%}[/]"
        watched = "[green]watched[/]" if shown["watched"] else "[yellow]not watched[/]"
        self._console.print(f"        {self._quoted(shown['item'])}: {watched}{counted}{running}")
        self._pause()

    def plain(self, text: str) -> None:
        """Something to copy."""
        self._console.print(text, markup=False, soft_wrap=True)

    def _quoted(self, item: str) -> str:
        return escape(self.title(item))

    def _pause(self) -> None:
        if self._is_paced:
            sleep(_PAUSE_SECONDS)
