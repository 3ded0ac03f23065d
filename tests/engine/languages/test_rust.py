"""Rust: crates of a workspace, modules and impl blocks."""

from pathlib import Path

from repos.engine.languages.rust import parse_import
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
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


def test_rust_follows_crates_and_impl_blocks(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    found = symbols_in(snapshot)
    assert (found["Parser.new"], found["Reset"], found["helper"]) == ("method", "trait", "function")
    assert edges_from(snapshot, "Parser.new")["helper"].confidence == "certain"
    assert edges_from(snapshot, "Parser.next")["Parser.step"].confidence == "certain"
    assert "Parser.new" in edges_from(snapshot, "main")
    assert edges_from(snapshot, "Parser")["Reset"].kind == "inherits"


def test_import_statements() -> None:
    assert [(i.module, i.name, i.alias) for i in parse_import("pub use a::{b, c::{self, d as e, *}};", 1)] == [
        ("a", "b", "b"),
        ("a", "c", "c"),
        ("a::c", "d", "e"),
        ("a::c", "*", "*"),
    ]
