"""What commands take: ids, items, times and the like, checked before anything is opened."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.events import OccurredAt
from domain.items import Id, ItemId
from infrastructure.commands.validation import faults, in_words

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


def model_of(model: type[M], given: dict[str, Any]) -> M:
    """A command of the options that were given. Raises BadParameter."""
    try:
        return model.model_validate(
            {name: each for name, each in given.items() if each is not None}
        )
    except ValidationError as error:
        raise typer.BadParameter(f"{in_words(faults(error))}.") from None


def _time(text: str) -> datetime:
    try:
        # A day is its beginning in UTC.
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        instant: datetime = _instant(text)
        return instant


as_id = _checker(Id, "ID")
as_item = _checker(ItemId, "ITEM")
_instant = _checker(OccurredAt, "TIME")

CduidArgument = Annotated[
    str,
    typer.Argument(parser=as_id, metavar="CDUID", help="A client device user, such as ada-tv."),
]
ItemArgument = Annotated[
    str, typer.Argument(parser=as_item, metavar="ITEM", help="An item, such as show:sherlock.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def time_option(name: str, text: str) -> Any:
    """An option that takes a time, or a day, which is its beginning in UTC."""
    return typer.Option(name, parser=_time, metavar="TIME", help=text, show_default=False)


def id_option(name: str, text: str) -> Any:
    return typer.Option(name, parser=as_id, metavar="ID", help=text, show_default=False)


def item_option(name: str, text: str) -> Any:
    return typer.Option(name, parser=as_item, metavar="ITEM", help=text, show_default=False)


def _place_in_time(text: str) -> int | datetime:
    return int(text) if text.isdecimal() else _time(text)


AsOfOption = Annotated[
    Any,
    typer.Option(
        "--as-of",
        parser=_place_in_time,
        metavar="PLACE",
        help="Answer as the ledger would have at this position or time.",
        show_default=False,
    ),
]
