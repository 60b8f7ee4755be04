"""What commands take: ids, items, times and the like, checked before anything is opened."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.items import Id, ItemId
from infrastructure.commands.validation import faults, in_words
from infrastructure.querying import moments

M = TypeVar("M", bound=BaseModel)


def _checker(kind: Any, name: str) -> Callable[[str], Any]:
    """What turns an argument into a value of a kind, or says why it is none."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def check(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise typer.BadParameter(f"{text!r}: {in_words(faults(error))}.") from None

    check.__name__ = name
    return check


def model_of(model: type[M], given: dict[str, Any], *, keeps_none: bool = False) -> M:
    """A command of the options that were given; None is one that wasn't, unless it is kept.

    Raises BadParameter.
    """
    try:
        return model.model_validate(
            {name: each for name, each in given.items() if keeps_none or each is not None}
        )
    except ValidationError as error:
        raise typer.BadParameter(f"{in_words(faults(error))}.") from None


def _moment(read: Callable[[str], Any], name: str) -> Callable[[str], Any]:
    """A parser of moments that says on the command line what it is given that is none."""

    def parse(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise typer.BadParameter(f"{text!r} {error}.") from None

    parse.__name__ = name
    return parse


as_id = _checker(Id, "ID")
as_item = _checker(ItemId, "ITEM")

CduidArgument = Annotated[
    str,
    typer.Argument(parser=as_id, metavar="CDUID", help="A client device user, such as ada-tv."),
]
ItemArgument = Annotated[
    str, typer.Argument(parser=as_item, metavar="ITEM", help="An item, such as show:sherlock.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def since_option(text: str) -> Any:
    """An option that says where a span begins; a day is its beginning in UTC."""
    return _time_option("--since", moments.beginning, text)


def until_option(text: str) -> Any:
    """An option that says where a span ends; a day is in it."""
    return _time_option("--until", moments.end, text)


def _time_option(name: str, read: Callable[[str], Any], text: str) -> Any:
    parser = _moment(read, "TIME")
    return typer.Option(name, parser=parser, metavar="TIME", help=text, show_default=False)


def parsed_option(name: str, kind: Any, metavar: str, text: str) -> Any:
    """An option that is checked as a kind of value is where it is sent."""
    parser = _checker(kind, metavar)
    return typer.Option(name, parser=parser, metavar=metavar, help=text, show_default=False)


def parsed_argument(kind: Any, metavar: str, text: str) -> Any:
    """As `parsed_option`, of an argument."""
    return typer.Argument(parser=_checker(kind, metavar), metavar=metavar, help=text)


def id_option(name: str, text: str) -> Any:
    return typer.Option(name, parser=as_id, metavar="ID", help=text, show_default=False)


def item_option(name: str, text: str) -> Any:
    return typer.Option(name, parser=as_item, metavar="ITEM", help=text, show_default=False)


AsOfOption = Annotated[
    Any,
    typer.Option(
        "--as-of",
        parser=_moment(moments.place, "PLACE"),
        metavar="PLACE",
        help="Answer as the ledger would have at this position or time, or at the end of this day.",
        show_default=False,
    ),
]
