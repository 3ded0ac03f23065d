"""C: prototypes stand for their definitions, includes lead to headers, and names hold for all that is linked."""

from collections.abc import Sequence
from pathlib import Path

from repos.engine import edges_of, search_symbols
from repos.engine.languages.base import Import
from repos.engine.languages.includes import IncludeResolver, parse_include
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "include/list.h": (
        "#ifndef LIST_H\n#define LIST_H\n#define LIST_MAX 16\n#define LIST_EACH(n, l) for (n = l->head;;)\n"
        "typedef struct node { struct node *next; } node;\n"
        "typedef struct { node *head; } list_t;\n"
        "enum list_state { LIST_EMPTY, LIST_FULL };\n"
        "/* Add a node. */\nint list_add(list_t *list, node *n);\nvoid list_free(list_t *list);\n#endif\n"
    ),
    "src/list.c": (
        "#include <stdlib.h>\n#include \"list.h\"\n\nstatic int count = 0;\n\n"
        "static int grow(list_t *list)\n{\n    return list->head ? LIST_MAX : 0;\n}\n\n"
        "int list_add(list_t *list, node *n)\n{\n    grow(list);\n    return free(n);\n}\n\n"
        "#ifdef OLD\nvoid list_free(list) list_t *list; { grow(list); }\n#else\n"
        "void list_free(list_t *list) { free(list); }\n#endif\n"
    ),
    "src/main.c": (
        "#include \"list.h\"\n\nstatic void grow(void) {}\n\ntypedef int (*handler)(list_t *);\n"
        "static const handler table[] = { helper };\n\n"
        "int main(int argc, char **argv)\n{\n    list_t list = {0};\n    int free = 1;\n"
        "    if (list_add(&list, 0) == LIST_FULL) grow();\n    helper(free);\n    return 0;\n}\n"
    ),
    "src/helper.c": "int helper(int list_free) { return list_free; }\n",
}  # fmt: skip


class Listed:
    """Manifests of a tree that has none."""

    def __init__(self, paths: list[str]) -> None:
        self.paths: Sequence[str] = paths
        self.packages: dict[str, str] = {}

    def text(self, path: str) -> None:
        return None

    def named(self, name: str) -> list[str]:
        return []


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    kinds = {
        "LIST_MAX": "macro", "LIST_EACH": "macro", "node": "struct", "list_t": "struct", "list_state": "enum",
        "list_state.LIST_FULL": "constant", "count": "constant", "grow": "function", "handler": "type",
        "table": "constant", "main": "function", "helper": "function",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds


def test_a_prototype_leads_to_the_definition_and_own_names_go_first(tmp_path: Path) -> None:
    main = edges_from(snapshot_of(tmp_path, TREE), "main")
    found = {name: (edge.kind, edge.confidence, edge.line) for name, edge in main.items()}
    assert found == {
        "list_t": ("references", "certain", 10),
        "list_add": ("calls", "certain", 12),
        "list_state.LIST_FULL": ("references", "certain", 12),
        "grow": ("calls", "certain", 12),
        "helper": ("calls", "guess", 13),
    }
    snapshot = snapshot_of(tmp_path, TREE)
    add = next(symbol for symbol in search_symbols(snapshot, "list_add") if symbol.kind == "function")
    (grow,) = [edge for edge in edges_of(snapshot, add.id)[0] if edge.target == "grow"]
    assert (add.path, grow.confidence) == ("src/list.c", "certain")


def test_includes_lead_to_headers_of_the_tree(tmp_path: Path) -> None:
    resolver = IncludeResolver(Listed([*TREE, "lib/list.h", "src/near/a.c", "src/list.h"]))
    assert resolver.targets("src/main.c", Import("list.h", "*", "*", 1)) == ("src/list.h",)
    assert resolver.targets("src/near/a.c", Import("../list.h", "*", "*", 1)) == ("src/list.h",)
    assert list(resolver.targets("tests/a.c", Import("<list.h", "*", "*", 1))) == ["lib/list.h"]
    assert list(resolver.targets("tests/a.c", Import("<stdio.h", "*", "*", 1))) == []
    assert parse_include("#  include <a/b.h> // why", 3) == [Import("<a/b.h", "*", "*", 3)]
