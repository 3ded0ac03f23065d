"""A tree -> a snapshot file."""
