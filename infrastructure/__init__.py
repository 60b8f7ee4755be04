"""The outer world: the ledger's database, the projector, HTTP, the command line."""
