"""Pare's context engine: a tree of source files -> a snapshot -> slices. Knows nothing of the service round it.

info = build_snapshot(FolderTree(root), path=file, commit=sha)
with open_snapshot(file) as snapshot:
    answer = make_slice(snapshot, "Retry the upload when the connection drops", budget=8000)
"""

from __future__ import annotations

from .build.build import build_snapshot
from .cache import FolderFactsCache
from .folder import FolderTree, blob_id
from .languages import check_grammars
from .lookup import edges_of, search_symbols, source_of, statistics, symbol_at, symbol_count
from .slicing.slice import make_slice
from .slicing.tokens import TOKENIZER
from .slicing.tokens import count as count_tokens
from .snapshot.file import Snapshot, SnapshotCache, open_snapshot

__all__ = [
    "TOKENIZER",
    "FolderFactsCache",
    "FolderTree",
    "Snapshot",
    "SnapshotCache",
    "blob_id",
    "build_snapshot",
    "check_grammars",
    "count_tokens",
    "edges_of",
    "make_slice",
    "open_snapshot",
    "search_symbols",
    "source_of",
    "statistics",
    "symbol_at",
    "symbol_count",
]
