"""The commands for Trakt clients: who may speak for whom."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer

from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import AsJson, CduidArgument, as_id
from infrastructure.cli.console import errors, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.services import Services
from infrastructure.settings.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Let applications that speak Trakt's API tell what is watched."
)

_COLUMNS = ("cduid", "user", "application", "created_at", "expires_at", "is_valid")


@app.command("authorize")
@takes_settings()
def authorize(
    settings: Settings,
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="What the application shows.", show_default=False),
    ] = None,
    *,
    user: Annotated[
        str | None,
        typer.Option(parser=as_id, metavar="USER", help="Whose it is.", show_default=False),
    ] = None,
    deny: Annotated[bool, typer.Option("--deny", help="It is nobody's.")] = False,
) -> None:
    """Approve the code that an application shows; without one, print a PIN to type into it.

    Example: watchledger trakt authorize 7KQXB2ZD --user ada
    """
    if (user is None) != deny or (deny and code is None):
        raise typer.BadParameter("Give --user USER, or --deny and a code.", param_hint="'--user'")
    with _services(settings) as services:
        codes = services.trakt.codes
        if code is None and user is not None:
            errors.print(f"A PIN for {user}, which works once and for ten minutes:")
            typer.echo(codes.pin(user))
            return
        found = codes.deny(code or "") if user is None else codes.approve(code or "", user)
    what = found or "The application"
    told = "may not speak for anybody." if deny else f"speaks for {user} from now on."
    errors.print(f"{what} {told}", markup=False)


@app.command("list")
@takes_settings()
def list_all(settings: Settings, *, as_json: AsJson = False) -> None:
    """List all applications that were approved, the newest first.

    Example: watchledger trakt list
    """
    with _services(settings) as services:
        found = services.trakt.tokens.all()
    if as_json:
        print_json({"items": found})
        return
    rows = [tuple(getattr(each, name) for name in _COLUMNS) for each in found]
    print_table([name.replace("_", " ") for name in _COLUMNS], rows, none="There is none.")


@app.command("revoke")
@takes_settings()
def revoke(settings: Settings, cduid: CduidArgument) -> None:
    """Make an application's tokens void, at once. What it told stays and counts.

    Example: watchledger trakt revoke trakt.kodi.0f5c7a1e9d3b4c62
    """
    with _services(settings) as services:
        services.trakt.tokens.revoke(cduid)
    errors.print(f"{cduid} is revoked.")


def _services(settings: Settings) -> AbstractContextManager[Services]:
    return opened(settings, projects=False, makes=False)
