"""Rust: crates of a workspace, modules and impl blocks."""

from pathlib import Path

from repos.engine.languages.rust import parse_import
from tests.engine.trees import edge_between, edges_from, imports_of, snapshot_of, symbols_in

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


TYPED = {
    "Cargo.toml": '[workspace]\nmembers = ["till", "money-bag"]\n',
    "money-bag/Cargo.toml": '[package]\nname = "money-bag"\n\n[lib]\nname = "purse"\n',
    "money-bag/src/lib.rs": (
        'mod coin;\n#[path = "odd/place.rs"]\nmod placed;\npub use coin::{Coin as Penny, Shine};\n\n'
        "/// Holds coins.\n#[derive(Default)]\npub struct Purse { pub top: Option<Box<Penny>>, sum: u32 }\n\n"
        "impl Purse {\n    pub fn new() -> Self { Purse::default() }\n    pub fn sum(&self) -> u32 { self.sum }\n"
        "    pub fn open(path: &str) -> Result<Purse, String> { Ok(Purse::new()) }\n}\n"
    ),
    "money-bag/src/coin.rs": (
        "pub trait Shine { fn shine(&self) -> u8; fn twice(&self) -> u8 { self.shine() } }\n\n"
        "pub struct Coin;\n\nimpl Coin { pub const WORTH: u32 = 1; pub fn flip(&self) -> bool { true } }\n\n"
        "impl Shine for Coin { fn shine(&self) -> u8 { 1 } }\n\npub enum Side { Head, Tail }\n\n"
        "macro_rules! toss { ($c:expr) => { $c.flip() } }\n\npub fn play(c: &Coin) { toss!(c); let s = Side::Head; }\n"
    ),
    "money-bag/src/odd/place.rs": "pub fn odd() {}\n",
    "till/Cargo.toml": (
        '[package]\nname = "till"\n\n[dependencies]\nbag = { path = "../money-bag", package = "money-bag" }\n'
    ),
    "till/src/main.rs": (
        "mod desk;\nuse bag::{Penny, Purse};\n\nstruct Till<'a> { purse: &'a Purse }\n\n"
        "fn run(till: &Till, given: &mut Purse) -> Result<(), String> {\n    till.purse.sum();\n    given.sum();\n"
        '    let mine = Purse::open("x")?;\n    mine.sum();\n    let penny: Penny = todo!();\n    penny.flip();\n'
        "    desk::clean();\n    Ok(())\n}\n\nfn main() { assert!(run() == sum()); }\n"
    ),
    "till/src/desk/mod.rs": "pub fn clean() { super::main(); inner::wipe(); }\nmod inner;\n",
    "till/src/desk/inner.rs": "use super::super::Till;\n\npub fn wipe() { let t: Till; }\n",
}


def test_types_of_fields_parameters_and_results_across_crates(tmp_path: Path) -> None:
    found = edges_from(snapshot_of(tmp_path, TYPED), "run")
    wanted = ("Till", "Purse.sum", "Purse.open", "Coin.flip", "clean")
    assert {name: found[name].confidence for name in wanted} == dict.fromkeys(wanted, "certain")


def test_modules_by_path_super_and_renamed_crates(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert imports_of(snapshot, "money-bag/src/lib.rs") == {"money-bag/src/coin.rs", "money-bag/src/odd/place.rs"}
    assert "money-bag/src/lib.rs" in imports_of(snapshot, "till/src/main.rs")
    assert edge_between(snapshot, "wipe", "Till")[1] == "certain"


def test_traits_are_bases_and_their_methods_overridden(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert edge_between(snapshot, "Coin", "Shine") == ("inherits", "certain")
    assert edge_between(snapshot, "Coin.shine", "Shine.shine") == ("overrides", "certain")


def test_macros_and_variants(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    play = edges_from(snapshot, "play")
    assert {name: play[name].confidence for name in ("toss", "Side.Head")} == dict.fromkeys(
        ("toss", "Side.Head"), "certain"
    )


def test_a_member_stays_with_the_type_its_file_means(tmp_path: Path) -> None:
    files = {
        "src/lib.rs": "mod a;\nmod b;\n",
        "src/a.rs": "#[derive(Default)]\npub struct Config;\n\npub fn make() { Config::default(); }\n",
        "src/b.rs": "pub struct Config;\n\nimpl Default for Config { fn default() -> Config { Config } }\n",
        "Cargo.toml": '[package]\nname = "x"\n',
    }
    found = edges_from(snapshot_of(tmp_path, files), "make")
    assert {name: edge.confidence for name, edge in found.items()} in (
        {"Config": "certain"},
        {
            "Config": "certain",
            "Config.default": "guess",
        },
    )


def test_calls_from_a_module_of_tests_are_tests(tmp_path: Path) -> None:
    text = (
        "pub fn price() -> u32 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n"
        "    fn helper() -> u32 { price() }\n\n    #[test]\n    fn it_costs() { assert_eq!(helper(), price()); }\n}\n"
    )
    snapshot = snapshot_of(tmp_path, {"src/lib.rs": text, "Cargo.toml": '[package]\nname = "x"\n'})
    assert edge_between(snapshot, "tests.it_costs", "price") == ("tests", "certain")
    assert edge_between(snapshot, "tests.it_costs", "tests.helper") == ("calls", "certain")


def test_a_field_and_a_method_of_one_name(tmp_path: Path) -> None:
    text = (
        "pub struct Map;\n\nimpl Map { pub fn args(&self) {} }\n\npub struct Command { args: Map }\n\n"
        "impl Command {\n    pub fn args(&self) -> u32 { 1 }\n    pub fn list(&self) { self.args.args(); }\n}\n"
    )
    found = edges_from(
        snapshot_of(tmp_path, {"src/lib.rs": text, "Cargo.toml": '[package]\nname = "x"\n'}), "Command.list"
    )
    assert {name: edge.confidence for name, edge in found.items()} == {"Map.args": "certain"}
