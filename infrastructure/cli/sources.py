"""The commands for sources: media servers that tell by themselves, without HTTP."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import islice
from typing import Annotated, Any

import typer

from domain.commands import PutSource
from domain.events import IsolationMode, SourceKind, UnknownAccounts
from domain.items import SourceName
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import AsJson, model_of, parsed_argument
from infrastructure.cli.console import answers, errors, print_fields, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.services import Services
from infrastructure.settings.settings import Settings
from infrastructure.sources.deliveries import RETRIED, STATUSES, DeliveryShown, Place, Status
from infrastructure.sources.source_view import SourceShown, source_shown, sources_shown
from infrastructure.sources.tautulli import TEMPLATE

app = typer.Typer(
    no_args_is_help=True, help="Let media servers tell by themselves, and see what they told."
)

_PAGE = 1_000
_COLUMNS = ("source", "kind", "accounts", "held", "failed", "came_last", "it_was", "about")
_DELIVERY_COLUMNS = ("id", "arrived_at", "status", "event", "title", "account", "user", "reason")

_PASTE = {
    SourceKind.PLEX: "In Plex (with a Plex Pass): Settings, your account, Webhooks, Add Webhook. "
    "Under Settings, the server, Network, webhooks must be on.",
    SourceKind.JELLYFIN: "In Jellyfin: Dashboard, Plugins, Webhook, Add Generic Destination. Tick "
    "Playback Start, Progress and Stop, User Data Saved, Item Added and Item Deleted, the item "
    "types Movies and Episodes, and Send All Properties.",
    SourceKind.EMBY: "In Emby (with Premiere): the user's settings or the server's, Notifications, "
    "Add Notification, Webhooks. Choose playback and what users mark.",
    SourceKind.TAUTULLI: "In Tautulli: Settings, Notification Agents, Add, Webhook, method POST. "
    "Tick the triggers Playback Start, Stop, Pause, Resume, Watched and Recently Added, and paste "
    "this as JSON data of each:",
    SourceKind.KODI: "Run `watchledger follow kodi` beside Kodi, which needs no hook; what posts "
    "Kodi's notifications to it is understood as well.",
}

SourceArgument = Annotated[
    str, parsed_argument(SourceName, "SOURCE", "A source: a name without a dot, such as plex.")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Where the server reaches this service, such as https://ledger.example; unless given, "
        "the settings' host and port.",
        show_default=False,
    ),
]


@app.command("add")
@takes_settings(shown={"data_dir", "database_url", "host", "port"})
def add(
    settings: Settings,
    source: SourceArgument,
    *,
    kind: Annotated[SourceKind, typer.Option(help="What kind of server tells.")],
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="ACCOUNT=USER",
            help="Whose an account is, by its name or the server's key; without a USER it is "
            "nobody's any more. May be repeated.",
            show_default=False,
        ),
    ] = None,
    unknown_accounts: Annotated[
        UnknownAccounts | None,
        typer.Option(
            help="hold keeps what the others say until they are mapped; create makes users.",
            show_default=False,
        ),
    ] = None,
    shelf: Annotated[
        list[str] | None,
        typer.Option(
            "--shelf",
            metavar="LIBRARY=SHELF",
            help="On which shelf a library's things stand, or by movie and show those of all "
            "others. May be repeated; replaces all that were given before.",
            show_default=False,
        ),
    ] = None,
    places: Annotated[
        bool | None,
        typer.Option(
            "--places/--no-places",
            help="Whether what the catalog doesn't have is placed; it is unless said.",
            show_default=False,
        ),
    ] = None,
    isolation_mode: Annotated[
        IsolationMode | None,
        typer.Option(help="Of its device users; loud unless said.", show_default=False),
    ] = None,
    url: Address = None,
) -> None:
    """Set up a media server that tells by itself, and print the address to paste into it.

    The address is shown this once, on standard output and nothing else there. Of a source that is
    there already, what is given is changed; what waits for an account is tried again.

    Example: watchledger source add plex --kind plex --account Ada=ada
    """
    given = {
        "kind": kind,
        "accounts": _pairs("--account", account, nothing=None),
        "unknown_accounts": unknown_accounts,
        "shelves": _pairs("--shelf", shelf, nothing=""),
        "places": places,
        "isolation_mode": isolation_mode and str(isolation_mode),
    }
    command = model_of(PutSource, given)
    with opened(settings, projects=False) as services:
        _, hook = services.sources.put(source, command)
        retried = services.taker.retry_held(services.sources.named(source))
    if retried.tried:
        errors.print(f"Of {retried.tried} that were held, {retried.settled} are told now.")
    if hook is None:
        errors.print(f"{source} is there already; it is now as given. It keeps its address.")
        return
    errors.print(f"{source} is set up. Its address, which is shown only now:")
    typer.echo(f"{_base(settings, url)}{hook}")
    errors.print(_PASTE[kind], markup=False)
    if kind is SourceKind.TAUTULLI:
        errors.print(TEMPLATE, markup=False)


@app.command("list")
@takes_settings()
def list_all(settings: Settings, *, as_json: AsJson = False) -> None:
    """List all sources, with what came last and how it went.

    Example: watchledger source list
    """
    with _services(settings) as services:
        found = sources_shown(services.sources, services.deliveries)
    if as_json:
        print_json({"items": found})
        return
    columns = [name.replace("_", " ") for name in _COLUMNS]
    print_table(columns, [_row(each) for each in found], none="There is none.")


@app.command("show")
@takes_settings()
def show(settings: Settings, source: SourceArgument, *, as_json: AsJson = False) -> None:
    """Show a source: its accounts, how it is taken, and what came last.

    Example: watchledger source show plex
    """
    with _services(settings) as services:
        found = source_shown(services.sources, services.deliveries, source)
    if as_json:
        print_json(found)
        return
    fields = {name.replace("_", " "): value for name, value in found if name != "last"}
    names = found.account_names
    fields["accounts"] = _listed(
        f"{names[key]} ({key}) is {user}" if key in names else f"{key} is {user}"
        for key, user in found.accounts.items()
    )
    del fields["account names"]
    fields["shelves"] = _listed(f"{name}: {shelf}" for name, shelf in found.shelves.items())
    print_fields({**fields, **_last(found)})


@app.command("rotate")
@takes_settings(shown={"data_dir", "database_url", "host", "port"})
def rotate(settings: Settings, source: SourceArgument, *, url: Address = None) -> None:
    """Give a source a new address in place of the old one, and print it.

    Example: watchledger source rotate plex
    """
    with _services(settings) as services:
        _, hook = services.sources.rotate_secret(source)
    errors.print(f"The address of {source} from now on, which is shown only now:")
    typer.echo(f"{_base(settings, url)}{hook}")


@app.command("remove")
@takes_settings()
def remove(settings: Settings, source: SourceArgument) -> None:
    """Take no more of a source. What it told stays and counts.

    Example: watchledger source remove plex
    """
    with _services(settings) as services:
        services.sources.remove(source)
    errors.print(f"{source} is removed; its address is void, and its accounts are nobody's.")


@app.command("deliveries")
@takes_settings()
def deliveries(
    settings: Settings,
    source: SourceArgument,
    *,
    status: Annotated[
        str | None,
        typer.Option(help=f"Only these: {', '.join(STATUSES)}.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many at most; 0 is all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what came, newest first, what became of it, and why.

    Example: watchledger source deliveries plex --status held
    """
    asked = next((each for each in STATUSES if each == status), None)
    if status is not None and asked is None:
        raise typer.BadParameter(
            f"{status!r} is none; there are {', '.join(STATUSES)}.", param_hint="'--status'"
        )
    with _services(settings) as services:
        services.sources.named(source)
        found = list(islice(_deliveries(services, source, asked), limit or None))
    if as_json:
        print_json({"items": found})
        return
    rows = [tuple(getattr(each, name) for name in _DELIVERY_COLUMNS) for each in found]
    print_table([name.replace("_", " ") for name in _DELIVERY_COLUMNS], rows, none="Nothing came.")


@app.command("retry")
@takes_settings()
def retry(
    settings: Settings,
    source: SourceArgument,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID]…", help="Only these deliveries.", show_default=False),
    ] = None,
) -> None:
    """Try again what is held or failed: all of a source, or some by their ids.

    Example: watchledger source retry plex
    """
    with _services(settings) as services:
        services.sources.named(source)
        tried, settled = services.taker.retry(source, RETRIED, ids or None)
    answers.print(f"Tried {tried} again; {settled} of them are settled.")


def _services(settings: Settings) -> AbstractContextManager[Services]:
    return opened(settings, projects=False, makes=False)


def _deliveries(services: Services, source: str, status: Status | None) -> Iterable[DeliveryShown]:
    page = services.deliveries.page(source, status, _PAGE)
    while page:
        yield from page
        page = services.deliveries.page(source, status, _PAGE, Place.of(page[-1]))


def _pairs(name: str, given: list[str] | None, *, nothing: str | None) -> dict[str, Any] | None:
    """What is given as KEY=VALUE, by key; None if nothing is."""
    if not given:
        return None
    found: dict[str, Any] = {}
    for each in given:
        key, equals, value = each.rpartition("=")
        if not equals:
            raise typer.BadParameter(f"{each!r} has no =.", param_hint=f"'{name}'")
        found[key] = value or nothing
    return found


def _base(settings: Settings, url: str | None) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (url or f"http://{host}:{settings.port}").rstrip("/")


def _row(found: SourceShown) -> tuple[Any, ...]:
    accounts = ", ".join(dict.fromkeys(found.accounts.values())) or None
    return found.source, found.kind, accounts, found.held, found.failed, *_last(found).values()


def _last(found: SourceShown) -> dict[str, Any]:
    last = found.last
    return {
        "came last": last and last.arrived_at,
        "it was": last and last.status,
        "about": last and (last.title or last.event),
    }


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts) or "none"
