"""Read models: for each its table, its projecting function and its queries."""
