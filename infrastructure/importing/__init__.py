"""Files taken in: the catalog, events, a whole ledger."""
