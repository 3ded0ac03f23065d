"""What a language module gives, and the captures its one query may use.

Captures: `@def.KIND` a definition (kinds below), `@const` the name of a module-level constant, `@call` / `@ref` /
`@base` the name of something called, mentioned, inherited from, `@import` a whole import statement, `@comment`,
`@doc` (text that only explains, such as a docstring), `@string`, `@attr` a decorator or attribute standing above its
definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS = (
    "function",
    "method",
    "class",
    "interface",
    "struct",
    "enum",
    "trait",
    "impl",
    "module",
    "type",
    "macro",
    "constant",
)
CONTAINERS = frozenset({"class", "interface", "struct", "enum", "trait", "impl", "module"})


class Import(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One imported thing. `module` as written; `name` the imported member, `*` for all, empty for the module itself;
    `alias` the name it gets in the file (empty: none). With an empty module, `alias` is what the file exports its own
    `name` as. `package` marks a declaration of the file's own package."""

    module: str
    name: str
    alias: str
    line: int
    package: bool = False


class Resolver(Protocol):
    """Finds what an import means, in one repository. Made once a build, for the files of one language family."""

    def targets(self, path: str, item: Import) -> Sequence[str]:
        """Paths of the files that `item` in file `path` may mean: none when it is outside the repository.

        A member import gives the file the member is in, or the file of the submodule of that name.
        """
        ...

    def package(self, path: str) -> str:
        """The package of a file, if files of one package see each other's top-level names without an import; else
        empty."""
        ...


class Manifests(Protocol):
    """What a resolver may look at: the paths of its own language's files, and the text of its manifests."""

    paths: Sequence[str]
    packages: dict[str, str]  # path -> the package the file declares

    def text(self, path: str) -> str | None: ...

    def named(self, name: str) -> Sequence[str]:
        """Paths of the files of that base name, anywhere in the tree."""
        ...


@dataclass(frozen=True, slots=True)
class Language:
    """`grammar` names the module and the function that gives the tree-sitter capsule. `family` languages share names
    and imports (JavaScript, TypeScript).

    `name_fields` are the fields that may hold a definition's name, in order; `name_of` finds it where no field leads
    to it (a C function's name stands within its declarators). `receiver` reads (own name, type name)
    off a definition that belongs to a type it does not stand in. `self_names` are the words for the enclosing type's
    instance.

    `implicit_self`: a name without a qualifier may be a member of the enclosing type (Java, C#, Ruby). `loose_names`:
    one that is neither declared nor imported may still be a definition elsewhere (macros, includes, autoloading);
    where it is false, such a name is a local variable or a builtin, and no edge.
    """

    name: str
    family: str
    extensions: tuple[str, ...]
    grammar: tuple[str, str]
    query: str
    parse_import: Callable[[str, int], list[Import]]
    resolver: Callable[[Manifests], Resolver]
    name_fields: tuple[str, ...] = ("name",)
    name_of: Callable[[Node], Node | None] | None = None
    self_names: frozenset[bytes] = frozenset()
    receiver: Callable[[Node], tuple[bytes, bytes] | None] | None = None
    test_attributes: tuple[bytes, ...] = ()
    manifests: tuple[str, ...] = ()
    implicit_self: bool = False
    loose_names: bool = False
