"""How SQLite waits for the disk; apart from the engine, so that settings load no driver."""

from typing import Literal

Synchronous = Literal["OFF", "NORMAL", "FULL", "EXTRA"]
