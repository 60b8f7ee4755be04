"""Each step of the schema, written out so that it never changes with the code."""
