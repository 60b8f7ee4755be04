"""The commands for the catalog: which items are one work (rule 24), without HTTP."""

from typing import Annotated

import typer

from domain.commands import LinkItems
from domain.rejection import Refused, Rejection
from infrastructure.bootstrap import opened
from infrastructure.cli.arguments import ItemArgument, as_item
from infrastructure.cli.console import errors
from infrastructure.cli.options import takes_settings
from infrastructure.settings.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Say which items of the catalog are one work.")

SameAsArgument = Annotated[
    str, typer.Argument(parser=as_item, metavar="SAME_AS", help="Another item of its kind.")
]


@app.command("link")
@takes_settings()
def link(settings: Settings, item: ItemArgument, same_as: SameAsArgument) -> None:
    """Make two items one work: what is said of one, and was, is said of both.

    Items that share an id in another catalog are linked by themselves when they are placed.

    Example: watchledger catalog link movie:alien-uhd movie:alien
    """
    command = LinkItems(item=item, same_as=same_as)
    with opened(settings, projects=False, makes=False) as services:
        [result], _ = services.handler.link_items([command])
    if isinstance(result, Rejection):
        raise Refused(result)
    already = " already" if result == "unchanged" else ""
    errors.print(f"{item} and {same_as} are one work{already}.")


@app.command("unlink")
@takes_settings()
def unlink(settings: Settings, item: ItemArgument) -> None:
    """Give an item a work of its own again; the ids that it shares link it no more.

    Example: watchledger catalog unlink movie:alien-uhd
    """
    with opened(settings, projects=False, makes=False) as services:
        services.handler.unlink_item(item)
    errors.print(f"{item} is a work of its own.")
