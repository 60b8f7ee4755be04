"""What writes: who may, what is decided of what they bring, and its recording."""
