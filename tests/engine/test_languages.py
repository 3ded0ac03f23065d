"""Each language: its definitions, and references followed to the definition an import means."""

from pathlib import Path

import pytest

from repos.engine import check_grammars
from repos.engine.errors import GrammarMissing
from repos.engine.languages import BY_NAME, language_of, parser_of
from repos.engine.languages.go import package_name
from repos.engine.languages.javascript import parse_import as parse_javascript
from repos.engine.languages.python import parse_import as parse_python
from repos.engine.languages.rust import parse_import as parse_rust
from tests.engine.trees import edges_from, snapshot_of, symbols_in

PYTHON = {
    "src/shop/__init__.py": "from .cart import Cart as Basket\n",
    "src/shop/cart.py": (
        "from shop.prices import total\n\nLIMIT = 3\n\n\nclass Cart(Base):\n"
        "    def pay(self):\n        return total(self.items())\n\n    def items(self):\n        return []\n"
    ),
    "src/shop/prices.py": "def total(items):\n    return sum(items)\n",
    "src/shop/web.py": "from shop import Basket\n\n\ndef view():\n    return Basket()\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_pay():\n    assert Cart().pay() == 0\n",
}
TYPESCRIPT = {
    "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"],} /* trailing comma */ }}',
    "package.json": '{"name": "root"}',
    "packages/core/package.json": '{"name": "@acme/core"}',
    "packages/core/src/index.ts": "export * from './engine'\n",
    "packages/core/src/engine.ts": "export class Engine {\n  start(): void { this.run() }\n  private run() {}\n}\n",
    "src/util.ts": "export const clamp = (n: number) => Math.max(0, n)\nexport interface Options { deep: boolean }\n",
    "src/app.tsx": (
        "import { Engine } from '@acme/core'\nimport { clamp as limit } from '@/util'\n"
        "import type { Options } from './util'\n"
        "export function boot(options: Options) {\n  const engine = new Engine()\n  return limit(1)\n}\n"
    ),
}
JAVASCRIPT = {
    "lib/Axios.js": "class Axios {\n  request() { return dispatch(this) }\n}\nexport default Axios;\n",
    "lib/dispatch.js": "module.exports = function dispatch(config) { return config }\n",
    "lib/main.js": (
        "import Client from './Axios.js'\nconst dispatch = require('./dispatch')\n"
        "export const create = () => { dispatch({}); return new Client() }\n"
        "const table = { open() {}, 'close': function () {} }\nFoo.prototype.bar = function () {}\n"
    ),
}
GO = {
    "go.mod": "module example.com/web\n\ngo 1.22\n",
    "router.go": (
        'package web\n\nimport "example.com/web/internal/tree"\n\n// Router keeps routes.\n'
        "type Router struct {\n\tBase\n}\n\n"
        "type Base struct{}\n\nfunc (r *Router) Add(path string) {\n\tr.check(path)\n"
        "\ttree.Insert(path)\n\tclean(path)\n}\n\n"
        "func (r *Router) check(path string) {}\n"
    ),
    "path.go": "package web\n\nfunc clean(p string) string { return p }\n",
    "internal/tree/tree.go": "package tree\n\nfunc Insert(path string) {}\n",
}
RUST = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
    "crates/core/Cargo.toml": '[package]\nname = "acme-core"\n',
    "crates/core/src/lib.rs": "pub mod parse;\npub use parse::Parser;\n",
    "crates/core/src/parse.rs": (
        "pub trait Reset { fn reset(&mut self); }\npub struct Parser { at: usize }\n\nimpl Parser {\n"
        "    pub fn new() -> Self { Parser { at: helper() } }\n"
        "    pub fn next(&mut self) { self.step() }\n    fn step(&mut self) {}\n}\n\n"
        "impl Reset for Parser { fn reset(&mut self) { self.step(); } }\n\nfn helper() -> usize { 0 }\n\n"
        "#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn it_parses() { Parser::new(); }\n}\n"
    ),
    "crates/cli/Cargo.toml": '[package]\nname = "acme-cli"\n',
    "crates/cli/src/main.rs": "use acme_core::Parser;\n\nfn main() { let mut p = Parser::new(); }\n",
}
JAVA = {
    "app/src/main/java/com/acme/Store.java": (
        "package com.acme;\n\nimport com.acme.io.Reader;\n\npublic class Store extends Base implements Closeable {\n"
        "  private final Reader reader = new Reader();\n"
        "  public void load() { helper(); Check.that(1); }\n  void helper() {}\n}\n"
    ),
    "app/src/main/java/com/acme/Base.java": "package com.acme;\n\nabstract class Base { }\n",
    "app/src/main/java/com/acme/Check.java": "package com.acme;\n\nclass Check { static void that(int x) {} }\n",
    "lib/src/main/java/com/acme/io/Reader.java": "package com.acme.io;\n\npublic class Reader { }\n",
}


def test_python_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, PYTHON))
    assert found["Cart"] == "class"
    assert found["Cart.pay"] == "method"
    assert found["total"] == "function"
    assert found["LIMIT"] == "constant"


def test_python_follows_imports_self_and_reexports(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, PYTHON)
    pay = edges_from(snapshot, "Cart.pay")
    assert (pay["total"].kind, pay["total"].confidence, pay["total"].line) == ("calls", "certain", 8)
    assert pay["Cart.items"].confidence == "certain"
    assert edges_from(snapshot, "view")["Cart"].confidence == "certain"
    assert edges_from(snapshot, "test_pay")["Cart"].kind == "tests"


def test_typescript_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TYPESCRIPT))
    assert {k: found[k] for k in ("Engine", "Engine.start", "clamp", "Options", "boot")} == {
        "Engine": "class", "Engine.start": "method", "clamp": "function", "Options": "interface", "boot": "function",
    }  # fmt: skip


def test_typescript_follows_packages_aliases_and_barrels(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPESCRIPT)
    boot = edges_from(snapshot, "boot")
    assert boot["Engine"].confidence == "certain"
    assert boot["clamp"].confidence == "certain"
    assert boot["Options"].kind == "references"
    assert edges_from(snapshot, "Engine.start")["Engine.run"].confidence == "certain"


def test_javascript_follows_default_exports_and_require(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, JAVASCRIPT)
    found = symbols_in(snapshot)
    assert {"Axios", "Axios.request", "create", "open", "close", "bar"} <= set(found)
    create = edges_from(snapshot, "create")
    assert create["Axios"].confidence == "certain"
    assert (create["dispatch"].confidence, create["dispatch"].line) == ("certain", 3)


def test_go_follows_receivers_packages_and_imports(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, GO)
    assert symbols_in(snapshot) == {
        "Router": "struct",
        "Base": "struct",
        "Router.Add": "method",
        "Router.check": "method",
        "clean": "function",
        "Insert": "function",
    }
    add = edges_from(snapshot, "Router.Add")
    assert {name: edge.confidence for name, edge in add.items()} == dict.fromkeys(
        ("Router", "Router.check", "Insert", "clean"), "certain"
    )
    assert edges_from(snapshot, "Router")["Base"].kind == "inherits"


def test_rust_follows_crates_and_impl_blocks(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, RUST)
    found = symbols_in(snapshot)
    assert (found["Parser.new"], found["Reset"], found["helper"]) == ("method", "trait", "function")
    assert edges_from(snapshot, "Parser.new")["helper"].confidence == "certain"
    assert edges_from(snapshot, "Parser.next")["Parser.step"].confidence == "certain"
    assert "Parser.new" in edges_from(snapshot, "main")
    assert edges_from(snapshot, "Parser")["Reset"].kind == "inherits"


def test_java_follows_packages_in_any_source_folder(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, JAVA)
    store = edges_from(snapshot, "Store")
    assert store["Reader"].confidence == "certain"
    assert store["Base"].kind == "inherits"
    load = edges_from(snapshot, "Store.load")
    assert {name: edge.confidence for name, edge in load.items()} == dict.fromkeys(
        ("Store.helper", "Check.that"), "certain"
    )


def test_a_name_from_outside_leads_nowhere(tmp_path: Path) -> None:
    files = {
        "a.py": "from json import dumps\n\n\ndef f():\n    return dumps(1)\n",
        "b.py": "def dumps(x):\n    return x\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "f") == {}


def test_a_member_of_an_unknown_thing_is_a_guess(tmp_path: Path) -> None:
    files = {
        "a.py": "def f(thing):\n    return thing.settle()\n",
        "b.py": "class Bill:\n    def settle(self):\n        pass\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "f")["Bill.settle"].confidence == "guess"


def test_a_name_of_many_types_says_nothing(tmp_path: Path) -> None:
    files = {f"m{i}.py": f"class C{i}:\n    def run(self):\n        pass\n" for i in range(9)}
    files["use.py"] = "def f(thing):\n    return thing.run()\n"
    assert edges_from(snapshot_of(tmp_path, files), "f") == {}


def test_inherited_members_are_found_in_the_base(tmp_path: Path) -> None:
    files = {
        "base.py": "class Base:\n    def save(self):\n        pass\n",
        "child.py": "from base import Base\n\n\nclass Child(Base):\n    def go(self):\n        self.save()\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "Child.go")["Base.save"].confidence == "likely"


def test_import_statements() -> None:
    assert [(i.module, i.name, i.alias) for i in parse_python("from ..a import (b as c, # no\n d)", 1)] == [
        ("..a", "b", "c"), ("..a", "d", "d"),
    ]  # fmt: skip
    assert [(i.module, i.name, i.alias) for i in parse_javascript("import A, { b as c } from 'm'", 1)] == [
        ("m", "default", "A"), ("m", "b", "c"),
    ]  # fmt: skip
    assert [(i.module, i.name, i.alias) for i in parse_rust("pub use a::{b, c::{self, d as e, *}};", 1)] == [
        ("a", "b", "b"), ("a", "c", "c"), ("a::c", "d", "e"), ("a::c", "*", "*"),
    ]  # fmt: skip
    assert package_name("gopkg.in/yaml.v3") == package_name("example.com/yaml/v3") == "yaml"


def test_languages_are_told_by_extension() -> None:
    names = {
        path: getattr(language_of(path), "name", None) for path in ("a.py", "b.TSX", "c.go", "d.txt", "py", "x.py/y")
    }
    assert names == {"a.py": "python", "b.TSX": "tsx", "c.go": "go", "d.txt": None, "py": None, "x.py/y": None}


def test_every_grammar_loads() -> None:
    check_grammars()


def test_a_grammar_that_does_not_load_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    broken = dataclasses.replace(BY_NAME["go"], grammar=("tree_sitter_nothing", "language"))
    monkeypatch.setitem(BY_NAME, "go", broken)
    parser_of.cache_clear()
    try:
        with pytest.raises(GrammarMissing, match="grammar for go"):
            snapshot_of(tmp_path, GO)
        assert snapshot_of(tmp_path, PYTHON).statistics.symbols  # the other languages go on
    finally:
        parser_of.cache_clear()
