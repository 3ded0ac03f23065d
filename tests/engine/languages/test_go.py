"""Go: packages, receivers and imports."""

from pathlib import Path

from repos.engine.languages.go import package_name
from tests.engine.trees import edge_between, edges_from, imports_of, snapshot_of, symbols_in

TREE = {
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


def test_go_follows_receivers_packages_and_imports(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
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


def test_package_names() -> None:
    assert package_name("gopkg.in/yaml.v3") == package_name("example.com/yaml/v3") == "yaml"


TYPED = {
    "go.mod": "module example.com/shop\n\nreplace (\n\texample.com/money v1.2.0 => ./money // ours\n)\n",
    "go.work": "go 1.22\n\nuse (\n\t.\n\t./money\n)\n",
    "money/go.mod": "module example.com/fork/money\n",
    "money/purse.go": (
        "package money\n\ntype Purse struct{ coins []int }\n\n"
        "func NewPurse(n int) (*Purse, error) { return &Purse{}, nil }\n\n"
        "func (p *Purse) Fill(n int) *Purse { return p }\n\nfunc (p *Purse) Empty() bool { return true }\n"
    ),
    "shop.go": (
        'package shop\n\nimport (\n\t"example.com/money"\n\t_ "example.com/shop/hooks"\n'
        '\t. "example.com/shop/text"\n)\n\n'
        "type Keeper interface {\n\tFill(n int) *money.Purse\n\tEmpty() bool\n}\n\ntype Closer interface{ Close() }\n\n"
        "type Till struct {\n\t*money.Purse\n\tspare money.Purse\n}\n\nfunc (t *Till) Close() {}\n\n"
        "func pay(k Keeper, given *money.Purse) {\n\tp, err := money.NewPurse(1)\n\tp.Fill(2).Empty()\n\t_ = err\n"
        "\tt := &Till{}\n\tt.Close()\n\tt.Empty()\n\tt.spare.Fill(1)\n\tgiven.Empty()\n\tk.Fill(3)\n\tTrim()\n}\n"
    ),
    "hooks/hooks.go": "package hooks\n\nfunc init() {}\n",
    "text/text.go": "package text\n\nfunc Trim() {}\n",
    "shop_test.go": (
        'package shop_test\n\nimport "example.com/shop"\n\nfunc TestPay() { pay() }\n\n'
        "func TestTill() { _ = shop.Till{} }\n"
    ),
}


def test_types_of_locals_results_and_fields(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    found = edges_from(snapshot, "pay")
    assert {name: found[name].confidence for name in found} == {
        "NewPurse": "certain",
        "Purse": "certain",
        "Purse.Fill": "certain",
        "Purse.Empty": "certain",
        "Till": "certain",
        "Till.Close": "certain",
        "Keeper": "certain",
        "Keeper.Fill": "certain",
        "Trim": "certain",
    }


def test_embedded_types_are_bases_and_their_methods_promoted(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert edge_between(snapshot, "Till", "Purse") == ("inherits", "certain")


def test_a_type_with_all_methods_implements_the_interface(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert edge_between(snapshot, "Purse", "Keeper") == ("inherits", "likely")
    assert edge_between(snapshot, "Till", "Keeper") == ("inherits", "likely")  # through the embedded purse
    assert edge_between(snapshot, "Till", "Closer") == ("inherits", "guess")  # one method in common may be chance
    assert edge_between(snapshot, "Purse.Fill", "Keeper.Fill") == ("overrides", "likely")


def test_tests_from_outside_see_exported_names_alone(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert edges_from(snapshot, "TestPay") == {}
    assert edge_between(snapshot, "TestTill", "Till")[1] == "certain"


def test_imports_lead_to_packages_blank_and_dotted_ones_too(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    assert imports_of(snapshot, "shop.go") == {"money/purse.go", "hooks/hooks.go", "text/text.go"}
