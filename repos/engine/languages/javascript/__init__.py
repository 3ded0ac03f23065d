"""JavaScript, and what TypeScript shares with it: modules, re-exports, workspace packages, path aliases."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence

from repos.engine.languages.base import Import, Language, Manifests

COMMON = """
(function_declaration) @def.function
(generator_function_declaration) @def.function
(method_definition) @def.function
(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @def.function
(variable_declarator value: (class)) @def.class
(assignment_expression
  left: [(identifier) (member_expression)]
  right: [(arrow_function) (function_expression) (class)]) @def.function
(pair key: [(property_identifier) (string)] value: [(arrow_function) (function_expression)]) @def.function
(program (lexical_declaration (variable_declarator name: (identifier) @const)))
(program (variable_declaration (variable_declarator name: (identifier) @const)))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @const))))
(call_expression function: [(identifier) @call (member_expression property: (property_identifier) @call)])
(new_expression constructor: [(identifier) @call (member_expression property: (property_identifier) @call)])
(arguments (identifier) @ref)
(pair value: (identifier) @ref)
(shorthand_property_identifier) @ref
(array (identifier) @ref)
(import_statement) @import
(export_statement source: (string)) @import
(export_statement value: (identifier)) @import
(export_statement (export_clause)) @import
(export_statement "default" declaration: (_ name: (_))) @import
(variable_declarator value: (call_expression function: (identifier) arguments: (arguments . (string) .))) @import
(expression_statement (assignment_expression left: (member_expression) right: [
  (identifier) (call_expression) (function_expression) (class) (object)])) @import
(comment) @comment
(string) @string
(template_string) @string
(decorator) @attr
"""
QUERY = (
    COMMON
    + """
(class_declaration) @def.class
(field_definition property: (_) value: [(arrow_function) (function_expression)]) @def.function
(class_heritage [(identifier) @base (member_expression property: (property_identifier) @base)])
(jsx_opening_element name: (identifier) @call)
(jsx_self_closing_element name: (identifier) @call)
"""
)

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts")
INDEXES = tuple(f"/index{extension}" for extension in EXTENSIONS)
MANIFESTS = ("package.json", "tsconfig.json", "jsconfig.json", "tsconfig.base.json")

SOURCE = re.compile(r"""\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]""")
REQUIRE = re.compile(
    r"""^(.*?)=\s*(?:await\s+)?(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)\s*(?:\.\s*([\w$]+))?""", re.S
)
DEFAULT = re.compile(
    r"^export\s+default\s+(?:abstract\s+|async\s+)?(?:(?:class|function\s*\*?|interface|enum)\s+)?([\w$]+)"
)
EXPORTS = re.compile(
    r"^(?:module\.)?exports(?:\.([\w$]+))?\s*=\s*(?:(?:async\s+)?(?:function\s*\*?|class)\s+([\w$]+)|([\w$]+)\s*;?$)"
)
EXPORTED_TABLE = re.compile(r"^(?:module\.)?exports\s*=\s*\{([^{}()]*)\}", re.S)
NAMED = re.compile(r"\{([^}]*)\}", re.S)
STAR = re.compile(r"\*\s*(?:as\s+([\w$]+))?")
LEADING = re.compile(r"^import\s+(?:type\s+|typeof\s+)?([\w$]+)\s*(?:,|\bfrom\b)")
OWN = ""  # the module of names that a file exports under another name


def parse_import(text: str, line: int) -> list[Import]:
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S).strip()
    source = SOURCE.search(text)
    if source is None:
        return _without_source(text, line)
    module, found = source[1] or source[2], []
    leading = LEADING.match(text)
    if leading:
        found.append(Import(module, "default", leading[1], line))
    star = STAR.search(text[: source.start()])
    if star:
        found.append(Import(module, "" if star[1] else "*", star[1] or "*", line))
    for group in NAMED.findall(text[: source.start()]):
        found += [Import(module, name, alias, line) for name, alias in _names(group, r"\s+as\s+")]
    return found or [Import(module, "", "", line)]


def _without_source(text: str, line: int) -> list[Import]:
    required = REQUIRE.match(text)
    if required:
        left, module, member = required[1].strip(), required[2], required[3] or ""
        group = NAMED.search(left)
        if group:
            return [Import(module, name, alias, line) for name, alias in _names(group[1], r"\s*:\s*")]
        alias = re.split(r"[^\w$]", left)[-1] or left
        return [Import(module, member or "default", alias, line)]
    match = DEFAULT.match(text)
    if match:
        return [Import(OWN, match[1], "default", line)]
    match = EXPORTS.match(text)
    if match:
        return [Import(OWN, match[2] or match[3], match[1] or "default", line)]
    table = EXPORTED_TABLE.match(text)
    if table:
        return [Import(OWN, name, key, line) for key, name in _names(table[1], r"\s*:\s*") if key != name]
    group = NAMED.search(text) if text.startswith("export") else None
    if group:
        return [Import(OWN, name, alias, line) for name, alias in _names(group[1], r"\s+as\s+") if name != alias]
    return []


def _names(text: str, between: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(","):
        words = re.split(between, re.sub(r"^\s*type\s+(?=[\w$])", "", part).split("=")[0].strip())
        if words[0]:
            pairs.append((words[0].strip(), words[-1].strip()))
    return pairs


class ModuleResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.paths = set(manifests.paths)
        self.found: dict[str, tuple[str, ...]] = {}
        self.packages: dict[str, str] = {}
        self.aliases: list[tuple[str, str, list[str]]] = []  # folder, pattern, replacements; deepest folder first
        for path in manifests.named("package.json"):
            name = _json(manifests.text(path)).get("name")
            if isinstance(name, str) and name:
                self.packages[name] = posixpath.dirname(path)
        for file in MANIFESTS[1:]:
            for path in manifests.named(file):
                self._read_config(path, _json(manifests.text(path)))
        self.aliases.sort(key=lambda item: (-item[0].count("/") - bool(item[0]), item[0], -len(item[1])))

    def _read_config(self, path: str, config: dict[str, object]) -> None:
        options = config.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        folder = posixpath.dirname(path)
        base = options.get("baseUrl")
        root = posixpath.normpath(posixpath.join(folder, base if isinstance(base, str) else "."))
        table = options.get("paths")
        for pattern, places in (table if isinstance(table, dict) else {}).items():
            if isinstance(places, list):
                self.aliases.append((folder, pattern, [posixpath.join(root, str(place)) for place in places]))
        if isinstance(base, str):
            self.aliases.append((folder, "*", [posixpath.join(root, "*")]))

    def targets(self, path: str, item: Import) -> Sequence[str]:
        module = item.module
        if module.startswith("."):
            return self._file(posixpath.join(posixpath.dirname(path), module))
        for folder, pattern, places in self.aliases:
            if folder and not path.startswith(folder + "/"):
                continue
            head, star, tail = pattern.partition("*")
            if module == pattern or star and module.startswith(head) and module.endswith(tail):
                middle = module[len(head) : len(module) - len(tail)] if star else ""
                for place in places:
                    found = self._file(place.replace("*", middle))
                    if found:
                        return found
        return self._package(module)

    def _package(self, module: str) -> Sequence[str]:
        """A package of the same repository, or a file inside one."""
        name = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
        if name not in self.packages:
            return ()
        folder, rest = self.packages[name], module[len(name) + 1 :]
        tries = (
            [f"{folder}/{rest}", f"{folder}/src/{rest}"]
            if rest
            else [f"{folder}/src/index", f"{folder}/index", f"{folder}/lib/index"]
        )
        return next((found for place in tries if (found := self._file(place))), ())

    def _file(self, place: str) -> Sequence[str]:
        place = posixpath.normpath(place)
        found = self.found.get(place)
        if found is None:
            found = self.found[place] = self._look(place)
        return found

    def _look(self, place: str) -> tuple[str, ...]:
        stem = (
            place[:-3]
            if place.endswith((".js", ".ts"))
            else place[:-4]
            if place.endswith((".mjs", ".cjs", ".jsx"))
            else place
        )
        for path in (
            place,
            *(place + e for e in EXTENSIONS),
            *(place + e for e in INDEXES),
            *(stem + e for e in EXTENSIONS),
        ):
            path = path.removeprefix("./")
            if path in self.paths:
                return (path,)
        return ()

    def package(self, path: str) -> str:
        return ""


def _json(text: str | None) -> dict[str, object]:
    """JSON as tsconfig has it: with comments and trailing commas. Anything else is empty."""
    text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or " ", text or "", flags=re.S)
    try:
        found = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


LANGUAGE = Language(
    name="javascript",
    family="javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    grammar=("tree_sitter_javascript", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=ModuleResolver,
    name_fields=("name", "left", "key", "property"),
    self_names=frozenset({b"this", b"super"}),
    manifests=MANIFESTS,
)

LANGUAGES = (LANGUAGE,)
