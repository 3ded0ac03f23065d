"""What a language module gives, and the captures its one query may use.

Captures: `@def.KIND` a definition (kinds below), `@const` the name of a module-level constant, `@name.KIND` the
name of another definition that owns no block of its own (a prototype, a typedef), `@call` / `@ref` /
`@base` the name of something called, mentioned, inherited from, `@import` a whole import statement, `@comment`,
`@doc` (text that only explains, such as a docstring), `@string`, `@attr` a decorator or attribute standing above its
definition.

What names stand for, so that `x.save()` leads to the `save` of x's type (all may be left out):
`@bind` a declaration, assignment or parameter as a whole. What follows belongs to the innermost one round it:
`@bind.name` a name it gives (the identifier alone, `$` and `@` belong to it; of `self.client = ...` the last one: it is
    then a field of the enclosing type, and so is a name declared directly in a type's body);
`@bind.field` one that is a parameter and a field at once (`constructor(private client: Client)`);
`@bind.type` the type as written (`Client`, `http.Client`, `Optional[Client]`, `*Client`, `Box<dyn Client>`);
`@bind.value` the expression it gets (`Client(...)`, `new Client()`, `self.make().client`, `other`);
`@bind.unknown` a name that gets only a part of the value (`a` in `a, b = make()`);
`@return` the result type a function declares, and `@return.value` an expression it gives back.
A name bound without type or value, such as an untyped parameter or a loop's variable, is worth capturing too: it hides
imports and definitions of the same name inside its function. Values are read by their text: a chain of names, calls and
member accesses from the first byte to the last; anything else is an unknown value.
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
    "prototype",
    "property",
)
CONTAINERS = frozenset({"class", "interface", "struct", "enum", "trait", "impl", "module"})

EVERYWHERE = "**"


class Import(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One imported thing. `module` as written; `name` the imported member, `*` for all, empty for the module itself;
    `alias` the name it gets in the file (empty: none). With an empty module, `alias` is what the file exports its own
    `name` as. `package` marks a declaration of the file's own package.
    With EVERYWHERE as alias of `*` the import holds for all files of the folder and below."""

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
    where it is false, such a name is a local variable or a builtin, and no edge. `block_scopes`: blocks and functions
    without a name have variables of their own (JavaScript). `super_names` are the words for the
    base type's instance (`super`, `base`, `parent`). `call_member` runs when an instance is called (`__call__`).
    `type_wrappers` are types that stand for their first argument (`Optional[Client]`,
    `Box<Client>`, `Promise<Client>`). `constructors` are the method names that make an instance
    of their type when they are called on it and declare nothing else (Ruby and Rust: `new`). `submodules` gives the
    paths, of which the first that exists counts, of the module `name` inside the module that is file `path`.
    `open_types`: any file may add to a type, whose members all openings share, and types need no import (Ruby).
    `structural`: a type that has all methods of an interface implements it (Go). `bare_calls`: a method's name is a
    call without brackets, so what is bound to it is its result (Ruby). `fields_apart`: a
    type may have a field and a method of one name, told apart by the call (Rust, Java, PHP).

    `includes`: an import brings in a whole file and what that includes, and a prototype stands for its definition (C).
    `blank` gives a file's bytes for the parser, with what would lead it astray (macros) as spaces: bytes keep their
    place. `declares_all`: a name that nothing here declares is no variable, it comes from outside (Java's `System`).
    `imports_members`: members of a file's types can be imported by name (Java's static imports).
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
    block_scopes: bool = False
    super_names: frozenset[bytes] = frozenset()
    call_member: bytes = b""
    type_wrappers: frozenset[bytes] = frozenset()
    constructors: frozenset[bytes] = frozenset()
    submodules: Callable[[str, str], tuple[str, ...]] | None = None
    open_types: bool = False
    structural: bool = False
    bare_calls: bool = False
    fields_apart: bool = False
    includes: bool = False
    blank: Callable[[bytes], bytes] | None = None
    declares_all: bool = False
    imports_members: bool = False
