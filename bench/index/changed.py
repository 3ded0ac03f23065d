"""A tree after a push."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repos.engine import blob_id
from repos.engine.types import SourceFile, Tree


class ChangedTree:
    """A tree of which some files got one more line."""

    def __init__(self, tree: Tree, changed: Sequence[SourceFile]) -> None:
        self.tree = tree
        self.fresh = {}
        for _, content in tree.read([file.oid for file in changed]):
            more = content + b"\n\n"
            self.fresh[blob_id(content)] = (blob_id(more), more)

    def files(self) -> list[SourceFile]:
        return [self._changed(file) for file in self.tree.files()]

    def _changed(self, file: SourceFile) -> SourceFile:
        if file.oid not in self.fresh:
            return file
        oid, more = self.fresh[file.oid]
        return SourceFile(file.path, oid, len(more))

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        changed = dict(self.fresh.values())
        yield from ((oid, changed[oid]) for oid in oids if oid in changed)
        yield from self.tree.read([oid for oid in oids if oid not in changed])
