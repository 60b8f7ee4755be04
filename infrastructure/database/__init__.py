"""The database: engines and transactions, its errors in plain words, its schema."""
