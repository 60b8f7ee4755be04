"""What reads: answers from the read models, and histories from the ledger's own rows."""
