"""One edge while it is being made."""

from __future__ import annotations

from repos.engine.types import EDGE_KINDS

IMPORTS, CALLS, REFERENCES, INHERITS, OVERRIDES, TESTS = range(len(EDGE_KINDS))

Row = tuple[int, int, int, int, int, int]  # source, target, kind, confidence, line (from 1), column in bytes
COLUMNS = 6
