"""Go: packages, receivers and imports."""

from pathlib import Path

from repos.engine.languages.go import package_name
from tests.engine.trees import edges_from, snapshot_of, symbols_in

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
