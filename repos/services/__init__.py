"""The verbs of this app."""

from repos.services.keeping import Places, choose_kept, places_of
from repos.services.linking import change_token, link_repository, repositories_in_use, unlink_repository
from repos.services.looking import Address, Looked, look_at_packages, look_at_symbol, recent_commits
from repos.services.runs import request_index
from repos.services.slices import SYMBOLS_SHOWN, Served, find_symbols, read_snapshot, serve_slice, slices_this_month
from repos.services.snapshots import kept_snapshots, pin_snapshot

__all__ = [
    "SYMBOLS_SHOWN",
    "Address",
    "Looked",
    "Places",
    "Served",
    "change_token",
    "choose_kept",
    "find_symbols",
    "kept_snapshots",
    "link_repository",
    "look_at_packages",
    "look_at_symbol",
    "pin_snapshot",
    "places_of",
    "read_snapshot",
    "recent_commits",
    "repositories_in_use",
    "request_index",
    "serve_slice",
    "slices_this_month",
    "unlink_repository",
]
