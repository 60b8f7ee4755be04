"""The reader for each kind of server. Client libraries are loaded only when one is read."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.events import SourceKind
from domain.source import Source
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.listed import Reader
from infrastructure.pulling.problems import PullProblem

_LACKING = (
    "What reads media servers isn't installed. Install it beside watchledger: "
    "pip install 'watchledger[pull]', from where you installed it."
)


@contextmanager
def reading(source: Source, address: Address) -> Iterator[Reader]:
    """The reader of a source's server. Raises PullProblem."""
    try:
        from infrastructure.pulling.connection import Connection  # noqa: PLC0415  # is optional

        with Connection(address) as connection:
            match source.kind:
                case SourceKind.PLEX:
                    from infrastructure.pulling.plex import PlexReader  # noqa: PLC0415

                    yield PlexReader(address, connection)
                case SourceKind.JELLYFIN | SourceKind.EMBY:
                    from infrastructure.pulling.jellyfin import JellyfinReader  # noqa: PLC0415

                    yield JellyfinReader(source.kind, address, connection)
                case SourceKind.KODI:
                    from infrastructure.pulling.kodi import KodiReader  # noqa: PLC0415

                    yield KodiReader(address, connection)
                case _:
                    raise PullProblem(
                        f"{source.name} is {source.kind}, which has no library of its own to pull; "
                        "add the media server that it watches as a source."
                    )
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"domain", "projections", "infrastructure"}:
            raise
        raise PullProblem(_LACKING) from error
