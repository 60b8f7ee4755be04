"""The command that shows it all: an evening over real HTTP, on a scratch ledger."""

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated

import typer

from infrastructure.cli.console import answers
from infrastructure.demo.evening import Evening
from infrastructure.demo.stage import Stage, library, scratch_service
from infrastructure.demo.telling import Teller
from infrastructure.http.server.serving import stopped_by_signals


def demo(
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave the server running at the end.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Without pauses; so it is outside a terminal.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve at; 0 takes a free one.")
    ] = 0,
) -> None:
    """Live through an evening: two people, three devices, a real server, a scratch ledger.

    Example: watchledger demo --serve
    """
    stop = Event()
    titles = {each["item"]: each["title"] for each in library()}
    tell = Teller(answers, titles, is_paced=answers.is_terminal and not fast)
    with (
        TemporaryDirectory(prefix="watchledger-demo-") as directory,
        scratch_service(Path(directory), port) as stage,
        Evening(stage, tell) as evening,
    ):
        evening.run()
        if serve:
            with stopped_by_signals(stop.set):
                _say_what_to_try(stage, evening.tokens["ada-tv"], tell)
                stop.wait()


def _say_what_to_try(stage: Stage, token: str, tell: Teller) -> None:
    viewer = f"{stage.url}/v1/device-users/ada-tv"
    tell.scene("The server goes on, until Ctrl-C. Try:")
    tell.plain(f"TOKEN={token}")
    for path in ("watched", "next-up", "items/show:sherlock", "items/episode:sherlock-3-3/why"):
        tell.plain(f'curl -H "Authorization: Bearer $TOKEN" {viewer}/{path}')
    tell.plain(f"ADMIN={stage.admin_token}")
    tell.plain(f'curl -H "Authorization: Bearer $ADMIN" {stage.url}/v1/history')
    tell.plain(f"{stage.url}/docs")
