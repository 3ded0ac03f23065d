"""The part of a file's facts that edges of other files may depend on.

A build from the snapshot before resolves only some files anew and knows the others by their heads alone. So whatever
the linker reads of a file whose references it is not resolving has to be kept here; the name and parent of its
definitions are in the snapshot's tables already and are put back by `whole`.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from .facts import REFERENCE_KINDS, Facts, pack_rows

BASE = REFERENCE_KINDS.index("base")


def head(facts: Facts) -> Facts:
    """Without terms, blocks, definitions, and references other than to base types. `names` stay as they are: they tell
    which names the file mentions."""
    rows = facts.references()
    return msgspec.structs.replace(
        facts,
        definition_names=[],
        definition_types=[],
        definition_kinds=b"",
        definitions_i4=b"",
        blocks_i4=b"",
        references_i4=pack_rows(*rows[:, rows[2] == BASE]),
        lengths_i4=b"",
        counts=b"",
    )


def whole(found: Facts, names: list[bytes], types: list[bytes], kinds: bytes, definitions: NDArray[np.int32]) -> Facts:
    """A head with its definitions put back."""
    return msgspec.structs.replace(
        found,
        definition_names=names,
        definition_types=types,
        definition_kinds=kinds,
        definitions_i4=pack_rows(*definitions),
    )
