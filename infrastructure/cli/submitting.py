"""The commands that say what was watched for a device user, as its player would over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from pydantic_core import to_json

from domain.events import PlayerState
from domain.rejection import Refused, Rejection
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import (
    AsJson,
    CduidArgument,
    ItemArgument,
    as_id,
    model_of,
    parsed_option,
)
from infrastructure.cli.console import errors, print_fields, print_json, print_table
from infrastructure.cli.exit_codes import REFUSED
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present
from infrastructure.commands.activity import Taken
from infrastructure.commands.authentication import Caller
from infrastructure.commands.results import result_of
from infrastructure.commands.submissions import Instant, Unreadable, parse_event
from infrastructure.commands.watch_through import WatchThrough
from infrastructure.operations.watch_through import choose, watch_through
from infrastructure.settings.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Say for a device user what was watched, or take it back, without HTTP.",
)

_ADMIN = Caller(None)
_UNSEEN = (
    "The catalog has no such item, or its user doesn't see it; what was said counts once it has."
)
_IDLE = "It was watched already, and nobody says when again: so nothing changes."

At = Annotated[
    datetime | None,
    parsed_option("--at", Instant, "TIME", "When it was, as in 2026-01-31T20:15:00Z."),
]
Undated = Annotated[bool, typer.Option("--undated", help="Nobody knows when it was.")]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        parser=as_id,
        metavar="USER",
        help="Who watched along on the same device; may be repeated.",
        show_default=False,
    ),
]
Under = Annotated[
    UUID | None,
    typer.Option(
        "--id",
        metavar="UUID",
        help="The id to say it under: said again under the same, it is a duplicate. A new one "
        "unless given.",
        show_default=False,
    ),
]
Seconds = float | None


@app.command("watch")
@takes_settings()
def watch(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    undated: Undated = False,
    along: With = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Say that an item was watched, or all that stands under it.

    Example: watchledger submit watch ada-tv episode:s1e1 --at 2026-01-31T20:15:00Z --with ben
    """
    given = {"item": item, "occurred_at": at, "undated": undated or None, "with": along}
    _submit(settings, "watch", cduid, given, name, as_json=as_json)


@app.command("unwatch")
@takes_settings()
def unwatch(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    along: With = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Say that an item wasn't watched, or nothing of what stands under it.

    Example: watchledger submit unwatch ada-tv season:s1
    """
    given = {"item": item, "occurred_at": at, "with": along}
    _submit(settings, "unwatch", cduid, given, name, as_json=as_json)


@app.command("progress")
@takes_settings()
def progress(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    played_seconds: Annotated[
        Seconds, typer.Option(help="How far it was played.", show_default=False)
    ] = None,
    duration_seconds: Annotated[
        Seconds, typer.Option(help="How long it runs.", show_default=False)
    ] = None,
    share: Annotated[
        Seconds,
        typer.Option(help="How far, from 0 to 1, where no seconds are known.", show_default=False),
    ] = None,
    state: Annotated[
        PlayerState | None, typer.Option(help="What the player was doing.", show_default=False)
    ] = None,
    at: At = None,
    along: With = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Say how far an item was played.

    Example: watchledger submit progress ada-tv movie:m --played-seconds 1200 --state paused
    """
    given = {
        "item": item,
        "played_seconds": played_seconds,
        "duration_seconds": duration_seconds,
        "share": share,
        "state": state,
        "occurred_at": at,
        "with": along,
    }
    _submit(settings, "progress", cduid, given, name, as_json=as_json)


@app.command("retract")
@takes_settings()
def retract(
    settings: Settings,
    cduid: CduidArgument,
    retracts: Annotated[
        UUID, typer.Argument(metavar="UUID", help="The id of what was said, as history shows it.")
    ],
    *,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Take back what was said by the same device user, as if it had never been.

    Example: watchledger submit retract ada-tv 6ba7b810-9dad-11d1-80b4-00c04fd430c8
    """
    _submit(settings, "retract", cduid, {"retracts": retracts}, name, as_json=as_json)


@app.command("dismiss")
@takes_settings()
def dismiss(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Leave an item, and all under it, out of what comes next, until more is said of it.

    Example: watchledger submit dismiss ada-tv show:s
    """
    _submit(settings, "dismiss", cduid, {"item": item, "occurred_at": at}, name, as_json=as_json)


@app.command("recall")
@takes_settings()
def recall(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Take a dismissal back.

    Example: watchledger submit recall ada-tv show:s
    """
    _submit(settings, "recall", cduid, {"item": item, "occurred_at": at}, name, as_json=as_json)


@app.command("restart")
@takes_settings()
def restart(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Begin a show, a season or a shelf of shows anew; what was watched stays watched.

    Example: watchledger submit restart ada-tv show:s
    """
    _submit(settings, "restart", cduid, {"item": item, "occurred_at": at}, name, as_json=as_json)


@takes_settings()
def through(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    at: At = None,
    undated: Undated = False,
    name: Under = None,
    as_json: AsJson = False,
) -> None:
    """Say that each unwatched episode of a show was watched, up to and with one.

    Example: watchledger watch-through ada-tv episode:s2e3 --undated
    """
    given = {"id": name or uuid4(), "item": item, "occurred_at": at, "undated": undated or None}
    command = model_of(WatchThrough, given)
    with present(settings) as snapshot:
        choice = choose(snapshot, cduid, command)
    with opened(settings, projects=False, makes=False) as services:
        taken, position = watch_through(services, _ADMIN, choice)
    results = [result_of(each) for each in taken]
    if as_json:
        print_json({"results": results, "position": position})
    else:
        _print_episodes(results, {str(command.id_of(each)): each for each in choice.ever})
    if any(each["status"] == "rejected" for each in results):
        raise typer.Exit(REFUSED)


def _print_episodes(results: Sequence[dict[str, Any]], items: dict[str, str]) -> None:
    rows = [
        (items[each["id"]], each["status"], each.get("position"), each["id"]) for each in results
    ]
    print_table(("item", "status", "position", "id"), rows, none="All of it is watched already.")
    for detail in dict.fromkeys(each["error"]["detail"] for each in results if "error" in each):
        errors.print(detail, markup=False)


def _submit(
    settings: Settings,
    type_: str,
    cduid: str,
    given: dict[str, Any],
    name: UUID | None,
    *,
    as_json: bool,
) -> None:
    """Has one event recorded. Raises Refused, BadParameter."""
    sent = {"id": name or uuid4(), "type": type_, "cduid": cduid, **given}
    submission = parse_event(to_json(sent, exclude_none=True))
    if isinstance(submission, Unreadable):
        raise typer.BadParameter(submission.rejection.detail)
    with opened(settings, projects=False, makes=False) as services:
        [taken], _ = services.activity.submit(_ADMIN, [submission])
    result = result_of(taken)
    if "error" in result:
        raise Refused(Rejection(**result["error"]))
    _print(taken, result, as_json=as_json)


def _print(taken: Taken, result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    print_fields({name: result[name] for name in ("id", "status", "position")})
    if taken.warning == "unknown_item":
        errors.print(_UNSEEN)
    if taken.is_idle:
        errors.print(_IDLE)
