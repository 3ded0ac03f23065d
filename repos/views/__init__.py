"""The browser's pages of repositories."""
