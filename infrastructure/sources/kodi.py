"""Kodi: its JSON-RPC notifications, as an add-on posts them or `follow kodi` hears them.

A notification names what is played by the number that it has in Kodi's own library, which means
nothing elsewhere. Whoever posts it therefore adds what Kodi answers when asked: under `details`
that of VideoLibrary.GetEpisodeDetails or GetMovieDetails, under `show` that of GetTVShowDetails,
under `properties` that of Player.GetProperties, and under `profile` its name, where people have
profiles of their own. Of what isn't in the library the notification itself has titles.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from domain.events import PlayerState
from domain.items import Kind
from domain.references import Reference
from infrastructure.sources import saying
from infrastructure.sources.base_items import Ids
from infrastructure.sources.bodies import Document
from infrastructure.sources.fields import Amount, Shape, Text, Truth, Whole, Year
from infrastructure.sources.heard import Heard, NotUnderstood, Player
from infrastructure.sources.naming import NOTHING, kind_named, named, reference, why_not_kept
from infrastructure.sources.positions import length_seconds, position_seconds

_STATES = {
    "Player.OnPlay": PlayerState.PLAYING,
    "Player.OnResume": PlayerState.PLAYING,
    "Player.OnPause": PlayerState.PAUSED,
    "Player.OnSeek": PlayerState.PLAYING,
    "Player.OnStop": PlayerState.STOPPED,
}
_UPDATED = "VideoLibrary.OnUpdate"
_REMOVED = "VideoLibrary.OnRemove"
_TOLD = frozenset([*_STATES, _UPDATED, _REMOVED])
_KODI = "kodi"
_WRAPPINGS = ("result", "moviedetails", "tvshowdetails", "seasondetails", "episodedetails")
_NUMBER_ONLY = (
    "Kodi names only its library's number of it. Run `watchledger follow kodi` beside Kodi, or let "
    "the add-on post Kodi's details of it, too."
)
_NUMBER_OF_REMOVED = (
    "Kodi names only its library's number of what it has removed. If it is gone for good, hide it "
    "with DELETE /v1/catalog/items."
)
_HOUR_SECONDS = 3_600
_MINUTE_SECONDS = 60


class Clock(Shape):
    """A time in a film, as Kodi says it."""

    hours: Amount = None
    minutes: Amount = None
    seconds: Amount = None
    milliseconds: Amount = None


def clock_seconds(clock: Clock) -> float | None:
    """The seconds of a time; None if it wasn't told."""
    parts = (clock.hours, clock.minutes, clock.seconds, clock.milliseconds)
    if all(each is None for each in parts):
        return None
    hours, minutes, seconds, milliseconds = (each or 0.0 for each in parts)
    return hours * _HOUR_SECONDS + minutes * _MINUTE_SECONDS + seconds + milliseconds / 1_000


class Properties(Shape):
    """What Player.GetProperties answers."""

    time: Clock = Clock()
    totaltime: Clock = Clock()


class Details(Shape):
    """What a library's details say of a film, a show, a season or an episode."""

    title: Text = None
    showtitle: Text = None
    year: Year = None
    season: Whole = None
    episode: Whole = None
    runtime: Amount = None
    uniqueid: Ids = Field(default_factory=dict)


def details_of(answer: Any) -> Details:
    """What Kodi answers for details, or what it wraps."""
    return Details.model_validate(_inner(answer))


def properties_of(answer: Any) -> Properties:
    """What Kodi answers for a player's properties, or what it wraps."""
    return Properties.model_validate(_inner(answer))


def _inner(value: Any) -> Any:
    """The object that answers wrap, as `{"result": {"moviedetails": {…}}}`."""
    for name in _WRAPPINGS:
        if isinstance(value, dict) and name in value:
            value = value[name]
    return value


def reference_of(kind: Kind, details: Details, show: Details | None = None) -> Reference:
    """What Kodi's details are of; those of an episode's show may be known, too."""
    runtime = length_seconds(details.runtime)
    if kind in {Kind.MOVIE, Kind.SHOW}:
        return reference(
            kind,
            ids=details.uniqueid,
            title=details.title,
            year=details.year,
            runtime_seconds=runtime,
        )
    show = show or Details()
    return reference(
        kind,
        ids=details.uniqueid,
        title=details.title,
        show=named(details.showtitle or show.title, show.year, show.uniqueid),
        season=details.season,
        episode=details.episode if kind is Kind.EPISODE else None,
        runtime_seconds=runtime,
    )


class Item(Details):
    id: Whole = None
    type: Text = None


class AtPlayer(Shape):
    speed: Amount = None
    time: Clock = Clock()


class Data(Shape):
    id: Whole = None
    type: Text = None
    item: Item = Item()
    player: AtPlayer = AtPlayer()
    playcount: Whole = None
    end: Truth = None


class Params(Shape):
    data: Data = Data()


class Told(Shape):
    method: Text = None
    params: Params = Params()
    details: Annotated[Details, BeforeValidator(details_of)] = Details()
    show: Annotated[Details, BeforeValidator(details_of)] = Details()
    properties: Annotated[Properties, BeforeValidator(properties_of)] = Properties()
    profile: Text = None


def recognizes(document: Document) -> bool:
    method = document.value.get("method")
    return (
        isinstance(method, str)
        and "." in method
        and ("jsonrpc" in document.value or "params" in document.value)
    )


def hear(document: Document) -> Heard:
    told = Told.model_validate(document.value)
    event, data = told.method or "", told.params.data
    type_ = data.item.type or data.type
    if event not in _TOLD:
        return Heard(event, why_ignored=NOTHING)
    kind = kind_named(type_)
    if kind is None:
        return Heard(event, why_ignored=why_not_kept(type_))
    try:
        item = _reference(kind, told)
    except NotUnderstood:
        if (data.item.id or data.id) is None:
            raise
        why = _NUMBER_OF_REMOVED if event == _REMOVED else _NUMBER_ONLY
        return Heard(event, f"{type_} {data.item.id or data.id}", why_ignored=why)
    return _heard(event, told, item)


def _reference(kind: Kind, told: Told) -> Reference:
    """By the details that came with it, or else by what it says itself."""
    try:
        return reference_of(kind, told.details, told.show)
    except NotUnderstood:
        return reference_of(kind, told.params.data.item, told.show)


def _heard(event: str, told: Told, item: Reference) -> Heard:
    data = told.params.data
    length = length_seconds(clock_seconds(told.properties.totaltime)) or item.runtime_seconds
    file = saying.File([item], length)
    if event == _REMOVED:
        return saying.removed(event, file)
    session = saying.Session(
        saying.account(told.profile or _KODI, told.profile), Player(_KODI, kind="Kodi")
    )
    if event == _UPDATED:
        return _updated(event, data, session, file)
    if event == "Player.OnStop" and data.end:
        return saying.finished(event, session, file)
    at = clock_seconds(data.player.time)
    at = clock_seconds(told.properties.time) if at is None else at
    return saying.progress(event, session, file, position_seconds(at, length), _state(event, data))


def _updated(event: str, data: Data, session: saying.Session, file: saying.File) -> Heard:
    """With a play count it is a mark, which Kodi also makes itself near the end."""
    if data.playcount is None:
        return saying.listed(event, file)
    return saying.marked(event, session, file, is_watched=data.playcount > 0)


def _state(event: str, data: Data) -> PlayerState:
    is_still = event == "Player.OnSeek" and data.player.speed == 0
    return PlayerState.PAUSED if is_still else _STATES[event]
