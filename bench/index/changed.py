"""A tree after a push."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repos.engine import blob_id
from repos.engine.types import SourceFile, Tree


class EditedTree:
    """A tree of which some files are replaced or added. It is listed once: hashing a folder is no part of a build."""

    def __init__(self, tree: Tree, listed: Sequence[SourceFile], edits: Mapping[str, bytes]) -> None:
        self.tree, self.listed = tree, {file.path: file for file in listed}
        self.fresh = {blob_id(content): content for content in edits.values()}
        for path, content in edits.items():
            self.listed[path] = SourceFile(path, blob_id(content), len(content))

    def files(self) -> list[SourceFile]:
        return list(self.listed.values())

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        yield from ((oid, self.fresh[oid]) for oid in oids if oid in self.fresh)
        yield from self.tree.read([oid for oid in oids if oid not in self.fresh])
