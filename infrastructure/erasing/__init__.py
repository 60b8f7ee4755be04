"""What erases users (rule 31): from the ledger, the read models, and the database's files."""
