"""C: prototypes stand for their definitions, includes lead to headers, and names hold for all that is linked."""

from pathlib import Path

from tests.engine.trees import snapshot_of, symbols_in

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


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    kinds = {
        "LIST_MAX": "macro", "LIST_EACH": "macro", "node": "struct", "list_t": "struct", "list_state": "enum",
        "list_state.LIST_FULL": "constant", "count": "constant", "grow": "function", "handler": "type",
        "table": "constant", "main": "function", "helper": "function",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds
