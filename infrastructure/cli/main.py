"""The command `watchledger`: every command by its name, and errors told in a sentence."""

from typing import Any

import typer
from typer.core import TyperGroup

from infrastructure.cli.deferring import Deferred
from infrastructure.cli.options import keeps_settings

_OURS = frozenset({"domain", "projections", "infrastructure"})

COMMANDS = (
    ("serve", "running:serve", "Serve the API, and keep what it reads up to date, in one process."),
    ("project", "running:project", "Keep the read models up to date, without the API."),
    ("migrate", "running:migrate_schema", "Bring the database's schema up to date, or make it."),
    ("import", "importing:app", "Import files of the catalog or of events; again does no harm."),
    (
        "submit",
        "submitting:app",
        "Say for a device user what was watched, or take it back, without HTTP.",
    ),
    (
        "watch-through",
        "submitting:through",
        "Say that each unwatched episode of a show was watched, up to and with one.",
    ),
    (
        "follow",
        "following:app",
        "Follow a player without a server, mpv, VLC or Kodi, and say what it plays.",
    ),
    ("catalog", "catalog:app", "Say which items of the catalog are one work."),
    ("device-user", "device_users:app", "Register devices' users, and change their settings."),
    ("source", "sources:app", "Let media servers tell by themselves, and see what they told."),
    (
        "pull",
        "pulling:pull",
        "Take in a media server's library, and what was watched there before.",
    ),
    (
        "trakt",
        "trakt:app",
        "Let applications that speak Trakt's API tell what is watched.",
    ),
    ("user", "users:app", "Limit what users see, and erase all of one."),
    (
        "watched",
        "viewing:watched",
        "Show what is watched, rolled up: a row stands for all that stood under its item by then.",
    ),
    (
        "item",
        "viewing:item",
        "Show an item as a viewer sees it, and what stands directly under it.",
    ),
    (
        "next-up",
        "viewing:next_up",
        "Show what comes next: started, next episodes, unwatched movies, what comes out.",
    ),
    ("dismissed", "viewing:dismissed", "Show what is left out of what comes next, and since when."),
    (
        "history",
        "histories:history",
        "Show what was said, when, by whom, and when it was recorded.",
    ),
    (
        "why",
        "reasons:why",
        "Show what decides whether an item is watched and in progress, and what was overruled.",
    ),
    (
        "stats",
        "stats:stats",
        "Show time watched, plays and marks: by day, month, show, device, user, ….",
    ),
    (
        "rebuild",
        "maintenance:rebuild_projections",
        "Replay the ledger into new tables beside those in use, then swap them in.",
    ),
    (
        "verify",
        "maintenance:verify",
        "Check that the ledger is whole, and that the read models are what a replay of it gives.",
    ),
    (
        "checkpoint",
        "maintenance:checkpoint",
        "Write one digest over all of the ledger, to be kept where its keeper can't reach.",
    ),
    (
        "export",
        "maintenance:export",
        "Write the whole ledger, an event a line (NDJSON); `import ledger` takes it in elsewhere.",
    ),
    (
        "backup",
        "operating:backup",
        "Copy the embedded database into a new file, while the service goes on.",
    ),
    (
        "doctor",
        "operating:doctor",
        "Look the deployment over: settings, database, schema, lag, disk, clocks, who reads what.",
    ),
    (
        "settings",
        "operating:settings_list",
        "List every setting: its name, what it is unless set, and what it is for.",
    ),
    (
        "demo",
        "demo:demo",
        "Live through an evening: two people, three devices, a real server, a scratch ledger.",
    ),
)
"""Name, place in this package, and what help over all commands says: the docstring's beginning."""


class Commands(TyperGroup):
    """All commands. What an operator can meet is told in a sentence, on standard error."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for each in COMMANDS:
            self.add_command(Deferred(*each))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _OURS:
                raise
            # The table of errors loads whatever raises them, so only once there is one.
            from infrastructure.cli.known_errors import told  # noqa: PLC0415

            raise typer.Exit(told(error)) from error


def _root() -> None:
    """An event-sourced activity ledger for self-hosted media.

    What was watched, what is in progress, what comes next, and why. Every setting is an option of
    every command, and a variable of the environment; of two the option wins, and the later one.

    Exit codes: 0 done, 1 refused or differing, 2 misuse.
    """


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they show values, which may be tokens
    rich_markup_mode="markdown",
)
app.callback()(keeps_settings(_root))
