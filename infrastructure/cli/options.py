"""Every setting is an option of the same name, before a command or after it.

The options are made from the settings model, so a new setting is an option by itself. What a
command is for is shown in its help; the rest is listed by `watchledger --help`.
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from infrastructure.settings.settings import PREFIX, Settings, load_settings

SETTINGS = frozenset(Settings.model_fields)
DATABASE_SETTINGS = frozenset({"data_dir", "database_url"})

_CONTEXT = "context"
_PANEL = "Settings"


def takes_settings(
    shown: Collection[str] = DATABASE_SETTINGS,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command all settings as options and hands it the `settings` that come of them.

    `shown` are those that its help shows. Raises SettingsProblem when called.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            before: Mapping[str, Any] = given.pop(_CONTEXT).obj or {}
            command(settings=load_settings({**before, **_taken(given)}), **given)

        own = [each for each in _parameters(command) if each.name != "settings"]
        return _signed(run, [*own, *_setting_options(shown)])

    return decorate


def keeps_settings(callback: Callable[[], None]) -> Callable[..., None]:
    """Gives the root all settings as options, and keeps what was given for the command."""

    @wraps(callback)
    def run(**given: Any) -> None:
        context: typer.Context = given.pop(_CONTEXT)
        context.obj = _taken(given)
        callback(**given)

    return _signed(run, [*_parameters(callback), *_setting_options(SETTINGS)])


def _taken(given: dict[str, Any]) -> dict[str, Any]:
    """Takes the settings out of what was given; those that were left out aren't among them."""
    settings = {name: given.pop(name) for name in Settings.model_fields}
    return {name: value for name, value in settings.items() if value is not None}


def _parameters(function: Callable[..., None]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def _setting_options(shown: Collection[str]) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                typer.Option(
                    f"--{name.replace('_', '-')}",
                    help=f"{field.description} [{PREFIX}{name.upper()}]",
                    metavar="VALUE",
                    show_default=False,
                    hidden=name not in shown,
                    rich_help_panel=_PANEL,
                ),
            ],
        )
        for name, field in Settings.model_fields.items()
    ]


def _signed(run: Callable[..., None], parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """Lets Typer see these parameters; with keywords only, in the order that they are shown."""
    context = inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    keywords = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (context, *parameters)
    ]
    run.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]  # as PEP 362 has it
    run.__annotations__ = {each.name: each.annotation for each in keywords}
    del run.__wrapped__  # type: ignore[attr-defined]  # its signature would be taken instead
    return run
