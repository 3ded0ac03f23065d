"""Java: packages as the files declare them, in any source folder."""

from pathlib import Path

from tests.engine.trees import edges_from, snapshot_of

TREE = {
    "app/src/main/java/com/acme/Store.java": (
        "package com.acme;\n\nimport com.acme.io.Reader;\n\npublic class Store extends Base implements Closeable {\n"
        "  private final Reader reader = new Reader();\n"
        "  public void load() { helper(); Check.that(1); }\n  void helper() {}\n}\n"
    ),
    "app/src/main/java/com/acme/Base.java": "package com.acme;\n\nabstract class Base { }\n",
    "app/src/main/java/com/acme/Check.java": "package com.acme;\n\nclass Check { static void that(int x) {} }\n",
    "lib/src/main/java/com/acme/io/Reader.java": "package com.acme.io;\n\npublic class Reader { }\n",
}


def test_java_follows_packages_in_any_source_folder(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    store = edges_from(snapshot, "Store")
    assert store["Reader"].confidence == "certain"
    assert store["Base"].kind == "inherits"
    load = edges_from(snapshot, "Store.load")
    assert {name: edge.confidence for name, edge in load.items()} == dict.fromkeys(
        ("Store.helper", "Check.that"), "certain"
    )
