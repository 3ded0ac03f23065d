"""PHP: namespaces, composer's autoloading, traits, and members by the types that code declares."""

from pathlib import Path

import pytest

from repos.engine.languages.base import Import
from repos.engine.languages.php import parse_import
from repos.engine.paths import role
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "composer.json": '{"autoload": {"psr-4": {"Acme\\\\Till\\\\": "src/"}, "files": ["src/helpers.php"]}}',
    "src/Till.php": (
        "<?php\nnamespace Acme\\Till;\n\nuse Acme\\Till\\Money\\Purse as Wallet;\nuse function Acme\\Till\\rounded;\n\n"
        "/** Takes the money. */\nclass Till extends Drawer implements Opens\n{\n    use Counts;\n\n"
        "    const LIMIT = 3;\n    private Wallet $wallet;\n\n"
        "    public function __construct(private readonly Drawer $spare) {}\n\n"
        "    public function take(Wallet $given, int $sum): int\n    {\n"
        "        $this->count($sum);\n        self::check($sum);\n        parent::open();\n"
        "        $other = new Wallet();\n        $other->fill(1);\n        $given->fill($sum);\n"
        "        $this->spare->open();\n        return rounded($sum) + static::LIMIT;\n    }\n\n"
        "    private static function check(int $sum): void {}\n}\n"
    ),
    "src/Drawer.php": "<?php\nnamespace Acme\\Till;\n\nabstract class Drawer\n{\n    public function open() {}\n}\n",
    "src/Opens.php": (
        "<?php\nnamespace Acme\\Till;\n\ninterface Opens\n{\n    public function take(int $sum): int;\n}\n"
    ),
    "src/Counts.php": "<?php\nnamespace Acme\\Till;\n\ntrait Counts\n{\n    public function count(int $n) {}\n}\n",
    "src/Money/Purse.php": (
        "<?php\nnamespace Acme\\Till\\Money;\n\nfinal class Purse\n{\n"
        "    public function fill(int $sum): static {}\n}\n\n"
        "enum Coin: int\n{\n    case Cent = 1;\n    public static function of(int $n): self { return self::Cent; }\n}\n"
    ),
    "src/helpers.php": "<?php\nnamespace Acme\\Till;\n\nfunction rounded(int $sum): int { return $sum; }\n",
    "public/index.php": (
        "<html>\n<?php\nrequire __DIR__ . '/../src/helpers.php';\n\nfunction page() { return new \\Exception(); }\n?>\n"
        "<b><?= page() ?></b>\n"
    ),
    "tests/TillTest.php": (
        "<?php\nnamespace Acme\\Till\\Tests;\n\nuse Acme\\Till\\{Till, Drawer};\n\n"
        "class TillTest extends TestCase\n{\n    public function testTake() { new Till(new Drawer()); }\n}\n"
    ),
}


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    expected = {
        "Till": "class",
        "Till.take": "method",
        "Till.LIMIT": "constant",
        "Opens": "interface",
        "Counts": "trait",
        "Coin": "enum",
        "Coin.Cent": "constant",
        "rounded": "function",
        "page": "function",
    }
    assert expected.items() <= found.items()


def test_a_class_leads_to_its_base_interface_and_trait(tmp_path: Path) -> None:
    edges = edges_from(snapshot_of(tmp_path, TREE), "Till")
    for name in ("Drawer", "Opens", "Counts"):
        assert (edges[name].kind, edges[name].confidence) == ("inherits", "certain")


def test_names_lead_through_use_and_self(tmp_path: Path) -> None:
    edges = edges_from(snapshot_of(tmp_path, TREE), "Till.take")
    assert {name: edges[name].confidence for name in ("Purse", "rounded", "Till.check", "Counts.count")} == {
        "Purse": "certain",
        "rounded": "certain",
        "Till.check": "certain",
        "Counts.count": "certain",
    }


def test_the_test_leads_to_what_it_makes(tmp_path: Path) -> None:
    edges = edges_from(snapshot_of(tmp_path, TREE), "TillTest.testTake")
    assert {(edges[name].kind, edges[name].confidence) for name in ("Till", "Drawer")} == {("tests", "certain")}
    assert role("src/TillTest.php") == "test"


def test_a_name_of_the_global_space_is_not_one_of_ours(tmp_path: Path) -> None:
    files = {**TREE, "src/Exception.php": "<?php\nnamespace Acme\\Till;\n\nclass Exception extends \\Exception {}\n"}
    snapshot = snapshot_of(tmp_path, files)
    assert edges_from(snapshot, "Exception") == {}
    assert "Exception" not in edges_from(snapshot, "page")


def test_classes_by_old_maps(tmp_path: Path) -> None:
    files = {
        "composer.json": '{"autoload": {"psr-0": {"Old_": "lib/", "": "lib2"}}}',
        "lib/Old/Mail.php": "<?php\nclass Old_Mail { function send() {} }\n",
        "use.php": "<?php\nuse Old_Mail;\n\nfunction go() { return new Old_Mail(); }\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "go")["Old_Mail"].confidence == "certain"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("use A\\B;", [("A", "B", "B")]),
        ("use \\A\\B as C, D\\E;", [("A", "B", "C"), ("D", "E", "E")]),
        ("use A\\{B, C\\D as E, function f};", [("A", "B", "B"), ("A\\C", "D", "E"), ("A", "f", "f")]),
        ("use function A\\f;", [("A", "f", "f")]),
        ("use Closure;", [("\\", "Closure", "Closure")]),
        ("require_once __DIR__ . '/a.php'", [("./a.php", "*", "*")]),
        ("include dirname(dirname(__FILE__)) . '/a.php'", [("./../a.php", "*", "*")]),
        ("require $file", []),
    ],
)
def test_import_statements(text: str, found: list[tuple[str, str, str]]) -> None:
    assert parse_import(text, 1) == [Import(module, name, alias, 1) for module, name, alias in found]


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"autoload": 3}', '{"autoload": {"psr-4": {"A\\\\": [3]}}}', ""])
def test_any_composer_file(tmp_path: Path, text: str) -> None:
    files = {**TREE, "composer.json": text}
    assert edges_from(snapshot_of(tmp_path, files), "Till")["Drawer"].confidence == "certain"
