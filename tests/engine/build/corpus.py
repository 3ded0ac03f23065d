"""A tree in many languages, and random edits of it as people make them: of lines, names, files and manifests."""

import random
import re
from collections.abc import Callable

from tests.engine.languages import trees

Files = dict[str, str | bytes]

# Files that reach each other the long way round: through base types, other names, packages of packages, values.
CHAINS = {
    "pkg/__init__.py": "from .base import Root as Top, make\nfrom .more import *\n",
    "pkg/base.py": (
        "class Root:\n    def run(self):\n        return self.step()\n\n    def step(self):\n        return 1\n\n\n"
        "def make():\n    item = Root()\n    return item\n"
    ),
    "pkg/more.py": "from . import base\n\nLIMIT = 3\n\n\ndef extra():\n    return base.make().run()\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/leaf.py": (
        "from pkg import Top, extra\n\n\nclass Leaf(Top):\n    kind: Top\n\n"
        "    def step(self):\n        return extra()\n\n"
        "    def go(self):\n        self.other = make_leaf()\n        return self.other.step()\n\n\n"
        "def make_leaf() -> Leaf:\n    return Leaf()\n"
    ),
    "app.py": (
        "import pkg.base as core\nfrom pkg.sub.leaf import Leaf, make_leaf as build\n\n\nclass App(Leaf):\n"
        "    def main(self):\n        found = build()\n        found.step()\n"
        "        core.make().step()\n        self.run()\n"
    ),
    "tests/test_app.py": "from app import App\n\n\ndef test_main():\n    app = App()\n    assert app.main() is None\n",
    "web/package.json": '{"name": "web"}',
    "web/tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"]}}}',
    "web/src/base.ts": "export default class Base {\n  step(): Base { return this }\n}\nexport const size = 3\n",
    "web/src/index.ts": "export { default as Root } from './base'\nexport * from './util'\n",
    "web/src/util.ts": (
        "import Base from '@/base'\nexport function twice(b: Base): Base {\n  return b.step().step()\n}\n"
        "export const once = (b: Base) => twice(b)\n"
    ),
    "web/src/app.ts": (
        "import { Root, twice } from '.'\nexport class App extends Root {\n  step() { return twice(this) }\n"
        "  run() { const it = new App(); it.step(); return it }\n}\n"
    ),
    "src/main/java/a/Base.java": "package a;\n\npublic class Base {\n    Base step() { return this; }\n}\n",
    "src/main/java/a/Leaf.java": (
        "package a;\n\npublic class Leaf extends Base {\n    Leaf go() { step(); return new Leaf(); }\n}\n"
    ),
    "src/main/java/b/App.java": (
        "package b;\n\nimport a.Leaf;\n\nclass App extends Leaf {\n"
        "    void main() { Leaf l = new Leaf(); l.go().step(); }\n}\n"
    ),
    "docs/notes.md": "# Notes\n\nHow to step, make and run.\n",
}
FILES: Files = {**trees(), **CHAINS}

Edit = Callable[[Files, random.Random], None]


def edited(files: Files, chance: random.Random) -> Files:
    """The same files after one to four edits."""
    found = dict(files)
    for _ in range(chance.randint(1, 4)):
        chance.choice(EDITS)(found, chance)
    return found


def _text(files: Files, chance: random.Random) -> tuple[str, list[str]]:
    path = chance.choice(sorted(files))
    content = files[path]
    return path, (content if isinstance(content, str) else content.decode("utf-8", "replace")).splitlines(True)


def _add_a_line(files: Files, chance: random.Random) -> None:
    path, lines = _text(files, chance)
    lines.insert(chance.randint(0, len(lines)), chance.choice(["\n", "x = step()\n", "// more\n", "    make()\n"]))
    files[path] = "".join(lines)


def _drop_a_line(files: Files, chance: random.Random) -> None:
    path, lines = _text(files, chance)
    if lines:
        del lines[chance.randrange(len(lines))]
        files[path] = "".join(lines)


def _copy_lines(files: Files, chance: random.Random) -> None:
    """Some lines of one file into another of the same ending."""
    path, lines = _text(files, chance)
    ending = path.rpartition(".")[2]
    other = chance.choice([name for name in sorted(files) if name.endswith(ending)])
    taken = str(files[other]).splitlines(True)
    start = chance.randint(0, len(taken))
    at = chance.randint(0, len(lines))
    lines[at:at] = taken[start : start + chance.randint(1, 5)]
    files[path] = "".join(lines)


def _rename(files: Files, chance: random.Random) -> None:
    """One name of a file becomes another that is somewhere in the tree."""
    path, lines = _text(files, chance)
    words = re.findall(r"[A-Za-z_]\w+", "".join(lines))
    others = re.findall(r"[A-Za-z_]\w+", "".join(_text(files, chance)[1]))
    if words and others:
        files[path] = re.sub(rf"\b{chance.choice(words)}\b", chance.choice([*others, "fresh"]), "".join(lines))


def _remove(files: Files, chance: random.Random) -> None:
    if len(files) > 10:
        del files[chance.choice(sorted(files))]


def _copy(files: Files, chance: random.Random) -> None:
    path = chance.choice(sorted(files))
    folder = chance.choice(sorted(files)).rpartition("/")[0]
    name = chance.choice([path.rpartition("/")[2], chance.choice(["a", "step", "zz"]) + "." + path.rpartition(".")[2]])
    files[f"{folder}/{name}".lstrip("/")] = files[path]


def _move(files: Files, chance: random.Random) -> None:
    path = chance.choice(sorted(files))
    content = files.pop(path)
    folder = chance.choice([*sorted(files), "new/x"]).rpartition("/")[0]
    files[f"{folder}/{path.rpartition('/')[2]}".lstrip("/")] = content


def _manifest(files: Files, chance: random.Random) -> None:
    name, text = chance.choice(
        [
            ("web/tsconfig.json", '{"compilerOptions": {"paths": {"@/*": ["./*"]}}}'),
            ("package.json", '{"name": "other"}'),
            ("web/src/package.json", '{"name": "web"}'),
            ("go.mod", "module example.com/else\n"),
            ("Cargo.toml", '[package]\nname = "renamed"\n'),
            ("pkg/sub/__init__.py", "from .leaf import *\n"),
            ("src/__init__.py", ""),
        ]
    )
    files[name] = text


def _spoil(files: Files, chance: random.Random) -> None:
    files[chance.choice(sorted(files))] = chance.choice([b"a\0b", b"\xff\xfe(", b"", b"x" * 30_000])


EDITS: tuple[Edit, ...] = (
    *(_add_a_line, _drop_a_line, _copy_lines, _rename) * 3,
    _remove,
    _copy,
    _move,
    _manifest,
    _spoil,
)
