"""Hooks' paths, which hold a secret: what of them may be told, in logs for one."""

import re

HOOKS = "/in/"
TEMPLATE = f"{HOOKS}{{source}}/{{secret}}"

_secret = re.compile(r"[A-Za-z0-9_-]{40,}")


def is_hook_path(path: str) -> bool:
    return path.startswith(HOOKS)


def hook_of(path: str) -> tuple[str, str]:
    """The source and the secret of a hook's path."""
    source, _, secret = path.removeprefix(HOOKS).partition("/")
    return source, secret


def shown_path(path: str) -> str:
    """A path without a hook's secret, even where what stands before that was mistyped.

    What begins with a version is no hook's, and may have a long id in it.
    """
    if path.startswith("/v1/"):
        return path
    before, hooks, _ = path.partition(HOOKS)
    return before + TEMPLATE if hooks else _secret.sub("{secret}", path)
