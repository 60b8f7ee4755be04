"""A demonstration: a scratch ledger, a real server, and an evening with two people."""
