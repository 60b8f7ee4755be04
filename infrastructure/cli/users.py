"""The commands for users: what they may see, and erasing them."""

from typing import Annotated, Any

import typer

from domain.access import Access, unmatched
from domain.commands import PutAccess
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import AsJson, as_id, as_item, model_of
from infrastructure.cli.console import answers, errors, print_fields, print_json
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present
from infrastructure.erasing.eraser import notes_of
from infrastructure.settings.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Limit what users see, and erase all of one.")

UserArgument = Annotated[
    str, typer.Argument(parser=as_id, metavar="USER", help="A user, such as ada.")
]
ShelvesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allowed-shelf",
        parser=as_item,
        metavar="ITEM",
        help="Only what is on it, such as show_shelf:kids; may be repeated.",
        show_default=False,
    ),
]
AllowedOption = Annotated[
    list[str] | None,
    typer.Option("--allowed-tag", help="Only what carries it; may be repeated.", metavar="TAG"),
]
DeniedOption = Annotated[
    list[str] | None,
    typer.Option("--denied-tag", help="Nothing that carries it; may be repeated.", metavar="TAG"),
]


@app.command("access")
@takes_settings()
def access(
    settings: Settings,
    user: UserArgument,
    *,
    allowed_shelf: ShelvesOption = None,
    allowed_tag: AllowedOption = None,
    denied_tag: DeniedOption = None,
    any_shelf: Annotated[bool, typer.Option("--any-shelf", help="Whatever shelf.")] = False,
    any_tag: Annotated[bool, typer.Option("--any-tag", help="Whatever it carries.")] = False,
    none_denied: Annotated[bool, typer.Option("--none-denied", help="No tag is denied.")] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="No shelf is allowed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a user may see, or limit it. A limit that isn't given stays as it is.

    Example: watchledger user access kid --allowed-shelf show_shelf:kids --denied-tag horror
    """
    _check_one("--allowed-shelf, --any-shelf or --nothing", allowed_shelf, any_shelf, nothing)
    _check_one("--allowed-tag or --any-tag", allowed_tag, any_tag)
    _check_one("--denied-tag or --none-denied", denied_tag, none_denied)
    given: dict[str, Any] = {}
    if allowed_shelf or any_shelf or nothing:
        given["allowed_shelves"] = None if any_shelf else tuple(allowed_shelf or ())
    if allowed_tag or any_tag:
        given["allowed_tags"] = None if any_tag else tuple(allowed_tag or ())
    if denied_tag or none_denied:
        given["denied_tags"] = tuple(denied_tag or ())
    if given:
        _limit(settings, user, given)
    _show(settings, user, as_json=as_json)


@app.command("erase")
@takes_settings()
def erase(
    settings: Settings,
    user: UserArgument,
    *,
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm", metavar="USER", help="The same name once more.", show_default=False
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Erase a user: all that their devices said, and everything that tells of it.

    Nothing undoes it. A service may run meanwhile. The database's files are written anew at the
    end, which takes a while for large ones, and as much room again. The name may be used anew.

    Example: watchledger user erase ada --confirm ada
    """
    if confirm != user:
        raise typer.BadParameter(f"it says {confirm}, not {user}.", param_hint="'--confirm'")
    with opened(settings, projects=False, makes=False) as services:
        erased = services.eraser.erase(user)
    if as_json:
        print_json({**erased._asdict(), "notes": notes_of(erased)})
        return
    answers.print(f"Erased {erased.events:,} events, as of position {erased.position:,}.")
    for note in notes_of(erased):
        errors.print(note)


def _check_one(names: str, *given: object) -> None:
    if sum(map(bool, given)) > 1:
        raise typer.BadParameter(f"{names}: give one of them.")


def _limit(settings: Settings, user: str, given: dict[str, Any]) -> None:
    with present(settings) as snapshot:
        before = _listed(snapshot.directory.access(user))
    command = model_of(PutAccess, {**before, **given}, keeps_none=True)
    with opened(settings, projects=False, makes=False) as services:
        services.handler.put_access(user, command)


def _show(settings: Settings, user: str, *, as_json: bool) -> None:
    with present(settings) as snapshot:
        found = snapshot.directory.access(user)
        warnings = unmatched(found, snapshot.directory.catalog)
    if as_json:
        print_json({**_listed(found), "warnings": warnings})
        return
    for warning in warnings:
        errors.print(f"Warning: {warning}.", markup=False)
    print_fields({name.replace("_", " "): _in_words(each) for name, each in _listed(found).items()})


def _listed(found: Access) -> dict[str, tuple[str, ...] | None]:
    """The limits as HTTP has them: null is none."""
    return {
        "allowed_shelves": _sorted(found.allowed_shelves),
        "allowed_tags": _sorted(found.allowed_tags),
        "denied_tags": tuple(sorted(found.denied_tags)),
    }


def _sorted(names: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


def _in_words(names: tuple[str, ...] | None) -> str:
    return "any" if names is None else ", ".join(names) or "none"
