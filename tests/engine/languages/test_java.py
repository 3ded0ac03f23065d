"""Java: packages as the files declare them, in any source folder."""

from pathlib import Path

from tests.engine.trees import edges_from, snapshot_of, symbols_in

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


TYPED = {
    "src/main/java/shop/Cart.java": (
        "package shop;\n\nimport static shop.util.Rules.check;\nimport static shop.util.Rules.LIMIT;\n"
        "import shop.money.*;\nimport java.util.List;\n\n/** Holds items. */\n"
        "public class Cart extends Base<Item> implements Payable {\n"
        "  static final int SIZE = 3;\n"
        "  @Deprecated\n  static final Payable NOTHING =\n      new Payable() {\n"
        "        @Override public int pay(Purse p) { return 0; }\n      };\n"
        "  private final Purse purse;\n\n  Cart(Purse purse) { this.purse = purse; }\n\n"
        "  @Override\n  public int pay(Purse given) {\n    purse.take(1);\n"
        "    this.purse.take(2);\n    given.take(SIZE);\n"
        "    var made = new Purse();\n    made.take(LIMIT);\n    Purse.Kind kind = Purse.Kind.COIN;\n    audit();\n"
        "    check(List.of(1));\n    Runnable later = () -> Purse.open();\n    System.out.println(kind);\n"
        "    for (Item item : items()) { item.count(); }\n    return super.total();\n  }\n}\n"
    ),
    "src/main/java/shop/Base.java": (
        "package shop;\n\nabstract class Base<T> {\n  int total() { return 0; }\n  void audit() {}\n"
        "  abstract List<T> items();\n  void println(Object o) {}\n}\n\nclass Item { int count() { return 1; } }\n\n"
        "interface Payable { int pay(Purse p); }\n"
    ),
    "src/main/java/shop/money/Purse.java": (
        "package shop.money;\n\npublic class Purse {\n"
        "  public enum Kind { COIN, NOTE { int worth() { return 5; } } }\n"
        "  public void take(int n) {}\n  public static Purse open() { return new Purse(); }\n}\n"
    ),
    "src/main/java/shop/util/Rules.java": (
        "package shop.util;\n\npublic class Rules {\n  public static final int LIMIT = 1;\n"
        "  public static void check(Object o) {}\n}\n"
    ),
    "src/test/java/shop/CartTest.java": (
        "package shop;\n\nclass CartTest {\n  @Test void pays() { new Cart(null).pay(null); }\n}\n"
    ),
}  # fmt: skip


def test_java_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TYPED))
    kinds = {
        "Cart": "class", "Cart.SIZE": "constant", "Cart.NOTHING": "constant", "Cart.NOTHING.pay": "function",
        "Cart.Cart": "method", "Cart.pay": "method", "Payable": "interface", "Purse.Kind": "enum",
        "Purse.Kind.COIN": "constant", "Purse.Kind.NOTE.worth": "function", "Rules.LIMIT": "constant",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds


def test_java_follows_types_static_imports_and_bases(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TYPED)
    found = {name: (edge.kind, edge.confidence) for name, edge in edges_from(snapshot, "Cart.pay").items()}
    assert found.pop("Purse") in (("calls", "certain"), ("references", "certain"))
    assert found == {
        "Purse.take": ("calls", "certain"),
        "Cart.SIZE": ("references", "certain"),
        "Rules.LIMIT": ("references", "certain"),
        "Purse.Kind": ("references", "certain"),
        "Purse.Kind.COIN": ("references", "certain"),
        "Base.audit": ("calls", "certain"),
        "Base.items": ("calls", "certain"),
        "Rules.check": ("calls", "certain"),
        "Purse.open": ("calls", "certain"),
        "Item": ("references", "certain"),
        "Item.count": ("calls", "certain"),
        "Base.total": ("calls", "certain"),
        "Payable.pay": ("overrides", "certain"),
    }
    assert [edges_from(snapshot, "Cart")[name].kind for name in ("Base", "Payable")] == ["inherits", "inherits"]
    assert edges_from(snapshot, "CartTest.pays")["Cart.pay"].kind == "tests"
