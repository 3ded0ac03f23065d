"""What people said of their changes."""
