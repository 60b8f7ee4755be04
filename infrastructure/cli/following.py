"""The commands that follow players without a server: mpv, VLC and Kodi, beside each of them."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from platformdirs import user_state_path
from rich.markup import escape

from infrastructure.cli.console import errors
from infrastructure.cli.exit_codes import MISUSE

if TYPE_CHECKING:
    from infrastructure.following.media import Player

app = typer.Typer(
    no_args_is_help=True,
    help="Follow a player without a server, mpv, VLC or Kodi, and say what it plays.",
)

_LIBRARIES = ("aiohttp", "aiovlc", "guessit", "jsonrpc_websocket", "python_mpv_jsonipc")


def _as_url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc:
        raise typer.BadParameter(f"{text!r} is no address such as http://127.0.0.1:8470.")
    return text


def _as_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) not in range(1, 65536):
        raise typer.BadParameter(f"{text!r} is no address such as 127.0.0.1:9090.")
    return host.strip("[]"), int(port)


Url = Annotated[
    str,
    typer.Option("--url", parser=_as_url, metavar="URL", help="Where Watchledger listens."),
]
TokenFile = Annotated[
    Path,
    typer.Option(
        "--token-file",
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="Holds the token of the device user whose player it is; read whenever it is needed.",
    ),
]
SpoolFile = Annotated[
    Path | None,
    typer.Option(
        "--spool",
        dir_okay=False,
        metavar="FILE",
        help="Keeps what isn't sent yet. For each player one in the user's state directory, unless "
        "given: two followers need two.",
        show_default=False,
    ),
]


def _address_option(text: str) -> Any:
    return typer.Option("--address", parser=_as_address, metavar="HOST:PORT", help=text)


@app.command("mpv")
def mpv(
    *,
    socket: Annotated[
        Path,
        typer.Option(
            "--socket",
            metavar="PATH",
            help="What mpv was started with: --input-ipc-server=PATH, or that line without the "
            "dashes in mpv.conf.",
        ),
    ],
    url: Url,
    token_file: TokenFile,
    spool: SpoolFile = None,
) -> None:
    """Follow mpv by its JSON IPC, whether it runs already or not, and say what it plays.

    Example: watchledger follow mpv --socket /run/user/1000/mpv --url http://127.0.0.1:8470
    --token-file ~/.config/watchledger/mpv.token
    """
    _check_libraries()
    from infrastructure.following.mpv import Mpv  # noqa: PLC0415  # of the extra `follow`

    _follow("mpv", Mpv(socket), url, token_file, spool)


@app.command("vlc")
def vlc(
    *,
    address: Annotated[
        Any, _address_option("VLC's --telnet-host and --telnet-port, which is 4212.")
    ],
    password_file: Annotated[
        Path,
        typer.Option(
            "--password-file",
            exists=True,
            dir_okay=False,
            readable=True,
            metavar="FILE",
            help="Holds VLC's --telnet-password.",
        ),
    ],
    url: Url,
    token_file: TokenFile,
    spool: SpoolFile = None,
) -> None:
    """Follow VLC, started with --extraintf telnet, by that interface, and say what it plays.

    Example: watchledger follow vlc --address 127.0.0.1:4212 --password-file
    ~/.config/watchledger/vlc.password --url http://127.0.0.1:8470
    --token-file ~/.config/watchledger/vlc.token
    """
    _check_libraries()
    from infrastructure.following.vlc import Vlc  # noqa: PLC0415  # of the extra `follow`

    host, port = address
    _follow("vlc", Vlc(host, port, password_file), url, token_file, spool)


@app.command("kodi")
def kodi(
    *,
    address: Annotated[Any, _address_option("Kodi's host, and the port of its JSON-RPC, 9090.")],
    url: Url,
    token_file: TokenFile,
    spool: SpoolFile = None,
) -> None:
    """Follow Kodi by its JSON-RPC, and say what it plays and what is marked in its library.

    Example: watchledger follow kodi --address 127.0.0.1:9090 --url http://127.0.0.1:8470
    --token-file ~/.config/watchledger/kodi.token
    """
    _check_libraries()
    from infrastructure.following.kodi import Kodi  # noqa: PLC0415  # of the extra `follow`

    _follow("kodi", Kodi(*address), url, token_file, spool)


def _check_libraries() -> None:
    """They are many, and nothing else needs them."""
    if missing := [each for each in _LIBRARIES if find_spec(each) is None]:
        told = (
            f"follow needs {', '.join(missing)}. Install the extra of that name, in Watchledger's "
            "directory: pip install --constraint constraints.txt '.[follow]'"
        )
        errors.print(f"[bold red]Error:[/] {escape(told)}")
        raise typer.Exit(MISUSE)


def _follow(name: str, player: "Player", url: str, token_file: Path, spool: Path | None) -> None:
    from infrastructure.following.follow import follow  # noqa: PLC0415  # of the extra `follow`

    kept = spool or user_state_path("watchledger", appauthor=False) / "following" / f"{name}.db"
    errors.print(escape(f"Following {name} for {url}; what isn't sent yet is kept in {kept}."))
    follow(player, kept, url, token_file, _tell)
    errors.print("Stopped.")


def _tell(text: str) -> None:
    """A file's name may hold what a terminal would obey."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    errors.print(escape(shown))
