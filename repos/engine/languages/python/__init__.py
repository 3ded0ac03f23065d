"""Python: packages, relative imports, namespace packages, and roots such as `src/`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from repos.engine.languages.base import Import, Language, Manifests
from repos.engine.languages.nearness import folders_shared

QUERY = """
(class_definition) @def.class
(function_definition) @def.function
(module (expression_statement (assignment left: (identifier) @const)))
(call function: [(identifier) @call (attribute attribute: (identifier) @call)])
(class_definition superclasses: (argument_list [(identifier) @base (attribute attribute: (identifier) @base)]))
(argument_list [(identifier) @ref (attribute attribute: (identifier) @ref)])
(keyword_argument value: [(identifier) @ref (attribute attribute: (identifier) @ref)])
(decorator [(identifier) @ref (attribute attribute: (identifier) @ref)])
(type [(identifier) @ref (attribute attribute: (identifier) @ref)])
(except_clause (identifier) @ref)
(raise_statement (identifier) @ref)
(pair value: (identifier) @ref)
(list (identifier) @ref)
(assignment left: (identifier) @bind.name type: (type)? @bind.type right: (_)? @bind.value) @bind
(assignment left: (attribute attribute: (identifier) @bind.name) type: (type)? @bind.type right: (_)? @bind.value) @bind
(assignment left: (pattern_list [(identifier) @bind.unknown (attribute attribute: (identifier) @bind.unknown)]))
(assignment left: (tuple_pattern (identifier) @bind.unknown))
(augmented_assignment left: (identifier) @bind.unknown)
(named_expression name: (identifier) @bind.name value: (_) @bind.value) @bind
(parameters (identifier) @bind.name)
(lambda_parameters (identifier) @bind.name)
(default_parameter name: (identifier) @bind.name)
(typed_parameter . (identifier) @bind.name type: (type) @bind.type) @bind
(typed_default_parameter name: (identifier) @bind.name type: (type) @bind.type) @bind
(list_splat_pattern (identifier) @bind.unknown)
(dictionary_splat_pattern (identifier) @bind.unknown)
(for_statement left: [(identifier) @bind.unknown (_ (identifier) @bind.unknown)])
(for_in_clause left: [(identifier) @bind.unknown (_ (identifier) @bind.unknown)])
(with_item value: (as_pattern (_) @bind.value alias: (as_pattern_target (identifier) @bind.name)) @bind)
(except_clause (as_pattern
  [(identifier) (attribute)] @bind.type alias: (as_pattern_target (identifier) @bind.name)) @bind)
(except_clause (as_pattern (tuple) alias: (as_pattern_target (identifier) @bind.unknown)))
(function_definition return_type: (type) @return)
(return_statement [(call) (identifier) (attribute) (await)] @return.value)
(import_statement) @import
(import_from_statement) @import
(comment) @comment
(string) @string
(expression_statement . (string) @doc .)
(decorator) @attr
"""

FROM = re.compile(r"from\s+(\.*\s*[\w.]*)\s*import\s+(.*)", re.S)
ROOTS = ("src", "lib", "python", "source")
STANDARD = sys.stdlib_module_names - {"test"}


def parse_import(text: str, line: int) -> list[Import]:
    text = re.sub(r"#[^\n]*|\\\n", " ", text)
    match = FROM.match(text)
    if match:
        module = re.sub(r"\s", "", match[1])
        return [Import(module, name, alias or name, line) for name, alias in _names(match[2].strip(" ()\n\t\r"))]
    found = []
    for module, alias in _names(text.strip()[len("import") :]):
        found.append(Import(module, "", alias or module, line))
    return found


def _names(text: str) -> list[tuple[str, str]]:
    """`a, b as c` -> [(a, ""), (b, c)]"""
    pairs = []
    for part in text.split(","):
        words = part.split()
        if words:
            pairs.append((words[0], words[2] if len(words) == 3 and words[1] == "as" else ""))
    return pairs


class PythonResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.modules: dict[str, list[str]] = {}
        self.paths = set(manifests.paths)
        for path in manifests.paths:
            for module in _module_names(path, self.paths):
                self.modules.setdefault(module, []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.module.startswith("."):
            return self._relative(path, item)
        found = self._find(item.module, path)
        return found if found or item.name in ("", "*") else self._find(f"{item.module}.{item.name}", path)

    def package(self, path: str) -> str:
        return ""

    def _find(self, module: str, importer: str) -> Sequence[str]:
        found: Sequence[str] = self.modules.get(module, ())
        if found and module.split(".")[0] in STANDARD:
            # Python's own modules go first, but for files beside a script.
            folder = importer.rpartition("/")[0]
            found = [path for path in found if folder and path.startswith(folder + "/")]
        if len(found) < 2:
            return found
        # The same module name under several roots: the nearest to the importing file is meant.
        return sorted(found, key=lambda other: (-folders_shared(importer, other), len(other), other))[:1]

    def _relative(self, path: str, item: Import) -> Sequence[str]:
        rest = item.module.lstrip(".")
        folder = path.split("/")[: -(len(item.module) - len(rest))]
        base = "/".join([*folder, *(rest.split(".") if rest else [])])
        tries = [f"{base}/{item.name}" if base else item.name] if item.name not in ("", "*") else []
        for stem in [base, *tries]:
            for file in (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi", f"{stem}/__init__.pyi"):
                if file.lstrip("/") in self.paths:
                    return (file.lstrip("/"),)
        return ()


def _module_names(path: str, known: set[str]) -> list[str]:
    """Dotted names under which a file may be imported: from the top of its package, and from the repository's root."""
    stem = path.rsplit(".", 1)[0]
    parts = stem.split("/")
    if parts[-1] == "__init__":
        parts.pop()
    top = len(parts) - 1 if not stem.endswith("__init__") else len(parts)
    while top > 0 and ("/".join([*parts[:top], "__init__.py"]) in known):
        top -= 1
    names = [".".join(parts[top:]), ".".join(parts)]
    if len(parts) > 1 and parts[0] in ROOTS:
        names.append(".".join(parts[1:]))
    return list(dict.fromkeys(name for name in names if name))


def submodules(path: str, name: str) -> tuple[str, ...]:
    """Where the module `name` of a package stands; a module that is no package has none."""
    folder, _, file = path.rpartition("/")
    if file not in ("__init__.py", "__init__.pyi"):
        return ()
    stem = f"{folder}/{name}" if folder else name
    return f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi"


LANGUAGE = Language(
    name="python",
    family="python",
    extensions=(".py", ".pyi", ".pyw"),
    grammar=("tree_sitter_python", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=PythonResolver,
    self_names=frozenset({b"self", b"cls", b"Self"}),
    super_names=frozenset({b"super"}),
    call_member=b"__call__",
    type_wrappers=frozenset({b"Optional", b"Annotated", b"Final", b"ClassVar", b"Awaitable"}),
    submodules=submodules,
)

LANGUAGES = (LANGUAGE,)
