"""Facts of all files -> edges."""
