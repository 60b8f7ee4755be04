"""Rebuilding the read models from the ledger, beside those in use, and putting them in place."""
