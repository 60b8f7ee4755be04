"""Sources: media servers that tell by themselves, and what becomes of what they tell."""
