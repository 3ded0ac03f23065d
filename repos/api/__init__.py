"""The REST API of repositories, index runs, symbols and slices."""
