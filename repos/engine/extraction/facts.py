"""What is kept of one blob in one language: everything that does not depend on the rest of the repository.

Arrays travel as raw little-endian bytes, so that a record is written and read without a loop.
"""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from repos.engine.errors import EngineError
from repos.engine.languages.base import Import

# Raise when anything that extraction writes, or how it decides, changes: old cache entries are then not found.
EXTRACTOR = 7
CACHE_LEVEL = 1  # written once a blob, read seldom: a higher one would cost more than it saves

BLOCK_MODULE = 1  # code outside any definition
BLOCK_TEST = 2  # test code inside a file that is not a test
BLOCK_TEXT = 4  # a window of a file without symbols

REFERENCE_KINDS = ("call", "ref", "base")


class Facts(msgspec.Struct, array_like=True, gc=False):
    """Definitions are in order of their start; blocks are in order of their lines and do not overlap.

    `*_i4` are int32 arrays of equal length within their group, as bytes. Definition: start (with comments and
    decorators), end, name line, last line of the signature, parent (-1). Block: start, end, definition (-1), flags.
    Value: what (name, member, call), index into `names`, the value it is taken of (see values.py). Reference: index
    into `names` of its name, the value it is a member of (-1: none, -2: unknown), kind, line, owner, column in bytes.
    Binding: owner, index into `names` (-1: the owner's result), how, value, whether it is a field of the enclosing
    type (see bindings.py). `name_columns_i4`: the column of each definition's name. `import_owners`: the definition
    that each import stands in, or -1.
    `counts` are encoded Counts: how often terms stand in blocks.
    """

    lines: int = 0
    skipped: str = ""
    definition_names: list[bytes] = []
    definition_types: list[bytes] = []
    definition_kinds: bytes = b""
    definitions_i4: bytes = b""
    blocks_i4: bytes = b""
    names: list[bytes] = []
    references_i4: bytes = b""
    values_i4: bytes = b""
    bindings_i4: bytes = b""
    name_columns_i4: bytes = b""
    imports: list[Import] = []
    import_owners: list[int] = []
    lengths_i4: bytes = b""
    counts: bytes = b""

    def definitions(self) -> NDArray[np.int32]:
        return _rows(self.definitions_i4, 5)

    def blocks(self) -> NDArray[np.int32]:
        return _rows(self.blocks_i4, 4)

    def references(self) -> NDArray[np.int32]:
        return _rows(self.references_i4, 6)

    def values(self) -> NDArray[np.int32]:
        return _rows(self.values_i4, 3)

    def bindings(self) -> NDArray[np.int32]:
        return _rows(self.bindings_i4, 5)

    def name_columns(self) -> NDArray[np.int32]:
        found: NDArray[np.int32] = np.frombuffer(self.name_columns_i4, "<i4")
        return found

    def lengths(self) -> NDArray[np.int32]:
        """For each block: terms of code, of comments, of strings."""
        return _rows(self.lengths_i4, 3)


class Counts(msgspec.Struct, array_like=True, gc=False):
    """A file's postings, as bytes of little-endian arrays: for each term (in no order) how many blocks hold it, then
    for each of those, in order, the block and its code (see postings.py). Terms are end to end, a newline between."""

    terms: bytes
    sizes: bytes
    blocks: bytes
    codes: bytes

    def rows(self) -> tuple[list[bytes], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
        """(terms, blocks a term, blocks, codes)"""
        names = self.terms.split(b"\n") if self.terms else []
        sizes, blocks = np.frombuffer(self.sizes, "<u4"), np.frombuffer(self.blocks, "<u4")
        return names, sizes, blocks, np.frombuffer(self.codes, np.uint8)


class Record(msgspec.Struct, array_like=True, gc=False):
    """Facts and the source: all that a snapshot needs of a blob."""

    facts: bytes
    source: bytes


def _rows(data: bytes, columns: int) -> NDArray[np.int32]:
    """-> array of shape (columns, n)"""
    return np.frombuffer(data, "<i4").reshape(columns, -1)


_facts = msgspec.msgpack.Decoder(Facts)
_counts = msgspec.msgpack.Decoder(Counts)
_record = msgspec.msgpack.Decoder(Record)
_encoder = msgspec.msgpack.Encoder()


def pack_rows(*columns: NDArray[np.integer] | list[int]) -> bytes:
    return b"".join(np.asarray(column, "<i4").tobytes() for column in columns)


def encode(facts: Facts, source: bytes) -> bytes:
    return _encoder.encode(Record(_encoder.encode(facts), source))


def pack_record(record: bytes) -> bytes:
    """For a cache."""
    return zstandard.ZstdCompressor(level=CACHE_LEVEL, write_checksum=True, write_content_size=True).compress(record)


def unpack_record(data: bytes) -> bytes:
    """Raises EngineError when the bytes are not those of a record."""
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise EngineError("A cached record cannot be read.") from error


def decode_record(data: bytes) -> Record:
    """Raises EngineError when the bytes are not a record."""
    try:
        return _record.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise EngineError("A cached record cannot be read.") from error


def decode_facts(data: bytes) -> Facts:
    return _facts.decode(data)


def encode_counts(counts: Counts) -> bytes:
    return _encoder.encode(counts)


def decode_counts(facts: Facts) -> Counts:
    return _counts.decode(facts.counts)


def cache_key(oid: str, language: str, limits_digest: str) -> str:
    return f"{oid}-{language or 'text'}-{EXTRACTOR}-{limits_digest}"


def digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]
