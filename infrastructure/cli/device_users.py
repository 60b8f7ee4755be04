"""The commands for device users: registering them and their settings, without HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from domain.commands import PatchDeviceUser, PutDeviceUser
from domain.decisions import unknown_device_user
from domain.rejection import Refused
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import AsJson, CduidArgument, id_option, model_of
from infrastructure.cli.console import errors, print_fields, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present
from infrastructure.commands.handler import CommandHandler
from infrastructure.querying.device_user_view import (
    DeviceUserShown,
    device_users_shown,
    listed_cduids,
)
from infrastructure.settings.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Register devices' users, and change their settings.")

_MODES = "silo, quiet, loud or shout"
_COLUMNS = ("cduid", "user", "device", "name", "isolation_mode", "has_token", "last_connected_at")

Mode = Annotated[str, typer.Argument(metavar="MODE", help=f"The isolation mode: {_MODES}.")]


@app.command("add")
@takes_settings()
def add(
    settings: Settings,
    cduid: CduidArgument,
    *,
    user: Annotated[str, id_option("--user", "Who it is.")],
    device: Annotated[str, id_option("--device", "On which device.")],
    display_name: Annotated[
        str | None, typer.Option(help="What people call the device.", show_default=False)
    ] = None,
    reported_name: Annotated[
        str | None, typer.Option(help="What the device calls itself.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="What kind of device, such as phone.", show_default=False)
    ] = None,
    isolation_mode: Annotated[
        str | None, typer.Option(help=f"{_MODES}; loud unless said.", show_default=False)
    ] = None,
) -> None:
    """Register one user on one device, and print the token of that device.

    The token is shown this once, on standard output and nothing else there. Of one that is
    registered, the names and the mode are changed where they are given.

    Example: watchledger device-user add ada-tv --user ada --device tv --display-name "Living room"
    """
    given = {
        "user": user,
        "device": device,
        "display_name": display_name,
        "reported_name": reported_name,
        "kind": kind,
        "isolation_mode": isolation_mode,
    }
    command = model_of(PutDeviceUser, given)
    with opened(settings, projects=False) as services:
        _, token = services.handler.put_device_user(cduid, command)
    if token is None:
        errors.print(f"{cduid} is registered already; it is now as given. It keeps its token.")
        return
    errors.print(f"{cduid} is registered. Its token, which is shown only now:")
    typer.echo(token)


@app.command("list")
@takes_settings()
def list_all(
    settings: Settings,
    *,
    user: Annotated[str | None, id_option("--user", "Only this user's.")] = None,
    retired: Annotated[
        bool, typer.Option("--retired", help="Those that are retired, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List all device users, by cduid.

    Example: watchledger device-user list --user ada
    """
    with present(settings) as snapshot:
        cduids = listed_cduids(snapshot.directory, user, with_retired=retired)
        found = device_users_shown(snapshot, cduids)
    if as_json:
        print_json({"items": found})
        return
    rows = [tuple(_row(each)[name] for name in _COLUMNS) for each in found]
    print_table([name.replace("_", " ") for name in _COLUMNS], rows, none="There is none.")


@app.command("show")
@takes_settings()
def show(settings: Settings, cduid: CduidArgument, *, as_json: AsJson = False) -> None:
    """Show one device user.

    Example: watchledger device-user show ada-tv
    """
    with present(settings) as snapshot:
        if cduid not in snapshot.directory.device_users:
            raise Refused(unknown_device_user(cduid))
        [found] = device_users_shown(snapshot, [cduid])
    if as_json:
        print_json(found)
    else:
        print_fields({name.replace("_", " "): each for name, each in found})


@app.command("set-mode")
@takes_settings()
def set_mode(settings: Settings, cduid: CduidArgument, mode: Mode) -> None:
    """Change what a device user shows to the same user's other devices, and sees of them.

    silo: neither. quiet: sees them. loud: both. shout: shows itself, sees nobody.

    Example: watchledger device-user set-mode ada-phone quiet
    """
    command = model_of(PatchDeviceUser, {"isolation_mode": mode})
    _change(settings, lambda handler: handler.patch_device_user(cduid, command))
    errors.print(f"{cduid} is {command.isolation_mode} now.")


@app.command("rename")
@takes_settings()
def rename(
    settings: Settings,
    cduid: CduidArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call the device.")],
) -> None:
    """Change what people call the device.

    Example: watchledger device-user rename ada-tv "Living room"
    """
    command = model_of(PatchDeviceUser, {"display_name": name})
    _change(settings, lambda handler: handler.patch_device_user(cduid, command))
    errors.print(f"{cduid} is called {name} now.", markup=False)


@app.command("rotate-token")
@takes_settings()
def rotate_token(settings: Settings, cduid: CduidArgument) -> None:
    """Issue a new token in place of the old one, and print it.

    Example: watchledger device-user rotate-token ada-tv
    """
    with opened(settings, projects=False, makes=False) as services:
        _, token = services.handler.rotate_token(cduid)
    errors.print(f"The token of {cduid} from now on, which is shown only now:")
    typer.echo(token)


@app.command("revoke-token")
@takes_settings()
def revoke_token(settings: Settings, cduid: CduidArgument) -> None:
    """Let the device in no more, until it gets a new token.

    Example: watchledger device-user revoke-token ada-phone
    """
    _change(settings, lambda handler: handler.revoke_token(cduid))
    errors.print(f"{cduid} has no token any more.")


@app.command("reassign")
@takes_settings()
def reassign(
    settings: Settings,
    cduid: CduidArgument,
    *,
    user: Annotated[str, id_option("--user", "Whose it is from now on.")],
) -> None:
    """Give a device user to another user, with all that it ever said, as if it had always been so.

    It keeps its token. Reassign it back to undo it.

    Example: watchledger device-user reassign ada-tv --user ben
    """
    _change(settings, lambda handler: handler.reassign(cduid, user))
    errors.print(f"{cduid} is {user}'s now, with all that it ever said.")


@app.command("retire")
@takes_settings()
def retire(settings: Settings, cduid: CduidArgument) -> None:
    """Take a device user out of every list and its token away. What it said stays and counts.

    Example: watchledger device-user retire ada-phone
    """
    _change(settings, lambda handler: handler.retire(cduid))
    errors.print(f"{cduid} is retired. `watchledger device-user reinstate {cduid}` undoes it.")


@app.command("reinstate")
@takes_settings()
def reinstate(settings: Settings, cduid: CduidArgument) -> None:
    """Take a retirement back, and print the new token.

    Example: watchledger device-user reinstate ada-phone
    """
    with opened(settings, projects=False, makes=False) as services:
        _, token = services.handler.reinstate(cduid)
    if token is None:
        errors.print(f"{cduid} isn't retired. It keeps its token.")
        return
    errors.print(f"{cduid} is in use again. Its token, which is shown only now:")
    typer.echo(token)


def _change(settings: Settings, change: Callable[[CommandHandler], object]) -> None:
    with opened(settings, projects=False, makes=False) as services:
        change(services.handler)


def _row(found: DeviceUserShown) -> dict[str, Any]:
    return {**dict(found), "name": found.display_name or found.reported_name}
