"""What projects: the ledger's events, page by page, into the read models."""
