"""The rules, pure: what is said about items, by whom, and what follows from it."""
