"""A task and a budget -> a slice of a snapshot."""
