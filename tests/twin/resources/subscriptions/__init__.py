"""Subscriptions: created, changed, collected, renewed and ended; the verbs are in the modules of the same names."""
