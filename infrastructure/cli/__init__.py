"""The command line: a command parses, calls one function, prints."""


def main() -> None:
    """The command `watchledger`.

    Processes that it starts import this module too, but none of the commands.
    """
    from infrastructure.cli.main import app  # noqa: PLC0415

    app(prog_name="watchledger")
