"""Which files a JavaScript or TypeScript import means: relative paths, path aliases of tsconfig files, and packages of
the same repository by their package.json."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence

from repos.engine.languages.base import Import, Manifests

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts", ".d.mts", ".d.cts")
INDEXES = tuple(f"/index{extension}" for extension in EXTENSIONS)
CONFIGS = (
    "tsconfig.json",
    "jsconfig.json",
    "tsconfig.base.json",
    "tsconfig.app.json",
    "tsconfig.build.json",
    "tsconfig.lib.json",
    "tsconfig.node.json",
    "tsconfig.spec.json",
    "tsconfig.options.json",
)
MANIFESTS = ("package.json", *CONFIGS)
CONDITIONS = ("source", "development", "types", "import", "module", "node", "browser", "require", "default")
BUILT = re.compile(r"^(?:dist|lib|build|out|es|esm|cjs|types|output)(?:/(?:esm|cjs|es|types|src))?/")
SUFFIX = re.compile(r"(?:\.d)?\.[mc]?[jt]sx?$")
# A string, or a comment. One that is left open goes on to the end: to look for its end again from each quote after it
# would take the square of the length.
ASIDE = re.compile(r'("(?:\\.|[^"\\])*+(?:"|\\?\Z))|//[^\n]*|/\*.*?(?:\*/|\Z)', re.S)
DEEPEST = 8  # configs that extend each other

Table = dict[str, object]


class ModuleResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.paths = set(manifests.paths)
        self.found: dict[str, tuple[str, ...]] = {}
        self.packages: dict[str, tuple[str, Table]] = {}  # name -> folder, package.json
        self.own_imports: dict[str, Table] = {}  # folder -> `imports` of its package.json
        self.aliases: dict[str, list[tuple[str, list[str]]]] = {}  # folder -> pattern, replacements; the nearest first
        for path in manifests.named("package.json"):
            self._read_package(posixpath.dirname(path), _json(manifests.text(path)))
        self.configs = {path: _json(manifests.text(path)) for name in CONFIGS for path in manifests.named(name)}
        for path in self.configs:
            self._read_config(path)
        for aliases in self.aliases.values():
            aliases.sort(key=lambda item: ("*" in item[0], -len(item[0])))

    def _read_package(self, folder: str, manifest: Table) -> None:
        name, own = manifest.get("name"), manifest.get("imports")
        if isinstance(name, str) and name:
            self.packages.setdefault(name, (folder, manifest))
        if isinstance(own, dict):
            self.own_imports[folder] = own

    def _read_config(self, path: str) -> None:
        """The aliases of a config hold in its folder; those it inherits too, from where they are written."""
        folder = posixpath.dirname(path)
        seen: set[str] = set()
        base = table = None
        for place, config in self._extended(path, seen):
            options = config.get("compilerOptions")
            options = options if isinstance(options, dict) else {}
            if base is None and isinstance(options.get("baseUrl"), str):
                base = _join(posixpath.dirname(place), str(options["baseUrl"]))
            if table is None and isinstance(options.get("paths"), dict):
                table = options["paths"], posixpath.dirname(place)
        for pattern, places in table[0].items() if table else ():
            if table and isinstance(places, list):
                root = base if base is not None else table[1]
                self.aliases.setdefault(folder, []).append((pattern, [_join(root, str(place)) for place in places]))
        if base is not None:
            self.aliases.setdefault(folder, []).append(("*", [_join(base, "*")]))

    def _extended(self, path: str, seen: set[str]) -> Iterator[tuple[str, Table]]:
        """A config and those it extends, the nearest first."""
        if path in seen or path not in self.configs or len(seen) > DEEPEST:
            return
        seen.add(path)
        yield path, self.configs[path]
        above = self.configs[path].get("extends")
        for item in reversed(above if isinstance(above, list) else [above]):
            if isinstance(item, str):
                yield from self._extended(self._config_at(path, item), seen)

    def _config_at(self, path: str, item: str) -> str:
        if item.startswith("."):
            place = _join(posixpath.dirname(path), item)
        else:
            name, rest = _split(item)
            place = _join(self.packages[name][0], rest or "tsconfig.json") if name in self.packages else ""
        return (
            place
            if place in self.configs
            else f"{place}.json"
            if f"{place}.json" in self.configs
            else (f"{place}/tsconfig.json")
        )

    def targets(self, path: str, item: Import) -> Sequence[str]:
        module = item.module
        if module.startswith("."):
            return self._file(_join(posixpath.dirname(path), module))
        if module.startswith("#"):
            return self._own(path, module)
        for pattern, places in (alias for folder in _above(path) for alias in self.aliases.get(folder, ())):
            middle = _matched(pattern, module)
            for place in places if middle is not None else ():
                found = self._file(place.replace("*", middle or ""))
                if found:
                    return found
        return self._package(module)

    def _own(self, path: str, module: str) -> Sequence[str]:
        """A name of the package's own `imports`."""
        for folder in _above(path):
            for place in _mapped(self.own_imports.get(folder, {}), module):
                found = self._entry(folder, place)
                if found:
                    return found
        return ()

    def _package(self, module: str) -> Sequence[str]:
        """A package of the same repository, or a file inside one."""
        name, rest = _split(module)
        if name not in self.packages:
            return ()
        folder, manifest = self.packages[name]
        exports = manifest.get("exports")
        table: Table = (
            exports if isinstance(exports, dict) and any(k.startswith(".") for k in exports) else {".": exports}
        )
        places = list(_mapped(table, f"./{rest}" if rest else "."))
        if not rest:
            places += [str(manifest[key]) for key in ("types", "typings", "module", "main") if manifest.get(key)]
            places += ["src/index", "index", "lib/index"]
        else:
            places += [rest, f"src/{rest}"]
        return next((found for place in places if (found := self._entry(folder, place))), ())

    def _entry(self, folder: str, place: str) -> Sequence[str]:
        """A file that a package names, or the source it is built from."""
        source = BUILT.sub("src/", place.removeprefix("./"))
        for tried in (place, source, SUFFIX.sub("", source), SUFFIX.sub("", BUILT.sub("", place.removeprefix("./")))):
            found = self._file(_join(folder, tried))
            if found:
                return found
        return ()

    def _file(self, place: str) -> Sequence[str]:
        found = self.found.get(place)
        if found is None:
            found = self.found[place] = self._look(place)
        return found

    def _look(self, place: str) -> tuple[str, ...]:
        stem = SUFFIX.sub("", place)
        tries = (place, *(place + e for e in EXTENSIONS), *(stem + e for e in EXTENSIONS if stem != place))
        root = "" if place == "." else place
        for path in (*tries, *((root + index).removeprefix("/") for index in INDEXES)):
            if path in self.paths:
                return (path,)
        return ()

    def package(self, path: str) -> str:
        return ""


def _join(folder: str, place: str) -> str:
    return posixpath.normpath(posixpath.join(folder, place))


def _above(path: str) -> Iterator[str]:
    """The folders that a file is in, the nearest first and the root's last."""
    while path:
        path = posixpath.dirname(path)
        yield path


def _split(module: str) -> tuple[str, str]:
    """`@a/b/c` -> @a/b, c"""
    parts = module.split("/")
    count = 2 if module.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _matched(pattern: str, module: str) -> str | None:
    """What the star of a pattern stands for; empty when it has none and is the module."""
    head, star, tail = pattern.partition("*")
    if not star:
        return "" if module == pattern else None
    fits = module.startswith(head) and module.endswith(tail) and len(module) >= len(head) + len(tail)
    return module[len(head) : len(module) - len(tail)] if fits else None


def _mapped(table: Table, name: str) -> Iterator[str]:
    """Where `exports` or `imports` of a package.json say that a name is, under any condition."""
    for pattern in sorted(table, key=lambda key: ("*" in key, -len(key))):
        middle = _matched(pattern, name)
        for place in _leaves(table[pattern], 0) if middle is not None else ():
            yield place.replace("*", middle or "")


def _leaves(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from _leaves(item, depth + 1)
    elif isinstance(value, dict) and depth < DEEPEST:
        for key in sorted(value, key=lambda key: CONDITIONS.index(key) if key in CONDITIONS else len(CONDITIONS)):
            yield from _leaves(value[key], depth + 1)


def _json(text: str | None) -> Table:
    """JSON as tsconfig has it: with comments and trailing commas. Anything else is empty."""
    text = ASIDE.sub(lambda m: m[1] or " ", text or "")
    try:
        found = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
