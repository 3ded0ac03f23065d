"""Bytes of one file -> facts, in processes of their own."""
