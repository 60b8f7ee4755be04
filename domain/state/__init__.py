"""How the fold keeps what it knows, apart from the rules that say what it is."""
