"""The command `watchledger`: every command by its name."""

import typer

from infrastructure.cli import (
    demo,
    device_users,
    histories,
    importing,
    maintenance,
    operating,
    reasons,
    running,
    viewing,
)
from infrastructure.cli.exit_codes import Commands
from infrastructure.cli.options import keeps_settings

_HELP_NAMES = {"help_option_names": ["-h", "--help"]}


def _root() -> None:
    """An event-sourced activity ledger for self-hosted media.

    What was watched, what is in progress, what comes next, and why. Every setting is an option of
    every command, and a variable of the environment; of two the option wins, and the later one.

    Exit codes: 0 done, 1 refused or differing, 2 misuse.
    """


def make_app() -> typer.Typer:
    """All commands together."""
    app = typer.Typer(
        cls=Commands,
        context_settings=_HELP_NAMES,
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # they show values, which may be tokens
        rich_markup_mode="markdown",
    )
    app.callback()(keeps_settings(_root))
    app.command("serve")(running.serve)
    app.command("project")(running.project)
    app.command("migrate")(running.migrate_schema)
    importing.app.command("ledger")(maintenance.import_whole_ledger)
    app.add_typer(importing.app, name="import")
    app.add_typer(device_users.app, name="device-user")
    app.command("watched")(viewing.watched)
    app.command("item")(viewing.item)
    app.command("next-up")(viewing.next_up)
    app.command("history")(histories.history)
    app.command("why")(reasons.why)
    app.command("stats")(reasons.stats)
    app.command("rebuild")(maintenance.rebuild_projections)
    app.command("verify")(maintenance.verify)
    app.command("checkpoint")(maintenance.checkpoint)
    app.command("export")(maintenance.export)
    app.command("backup")(operating.backup)
    app.command("doctor")(operating.doctor)
    app.command("settings")(operating.settings_list)
    app.command("demo")(demo.demo)
    return app


app = make_app()
