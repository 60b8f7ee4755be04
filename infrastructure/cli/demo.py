"""The command that shows everything once."""


def demo() -> None:
    """Not there yet."""
