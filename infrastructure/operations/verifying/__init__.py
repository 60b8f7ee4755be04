"""Verification: that the ledger is whole, and that the read models are what it says."""
