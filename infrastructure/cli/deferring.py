"""Commands that are known by name and by what they are for; their modules are loaded when they run.

The database, the web framework and the rest take over a second to import. Help over all commands
needs none of them, and a command only its own.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group


class Deferred(TyperCommand):
    """Stands for the command or the group of commands at `place`, `module:name` in this package."""

    def __init__(self, name: str, place: str, said: str) -> None:
        super().__init__(name, help=said)
        self._called = name
        self._place = place

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        """The context of the command itself, which is what is invoked then."""
        return self.loaded().make_context(info_name, args, *more, **extra)

    def loaded(self) -> Any:
        """The command itself, its module imported."""
        module, _, attribute = self._place.partition(":")
        found = getattr(import_module(f"infrastructure.cli.{module}"), attribute)
        around = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=self._called)
        else:
            around.command(self._called)(found)
        return get_group(around).commands[self._called]
