"""How a command ends: 0 is done; `known_errors` says which errors are which of these."""

REFUSED = 1
"""Refused by the ledger, or found to differ."""

MISUSE = 2
