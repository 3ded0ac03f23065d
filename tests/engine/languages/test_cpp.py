"""C++: namespaces, classes with their methods elsewhere, templates, and headers that C shares."""

from pathlib import Path

from repos.engine import Snapshot, edges_of, search_symbols
from repos.engine.types import Edge
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "include/shop/cart.h": (
        "#pragma once\n#include \"shop/price.hpp\"\nnamespace shop {\n\nclass Base {\n public:\n"
        "  virtual ~Base();\n  virtual int total() const = 0;\n  void audit();\n};\n\n"
        "class Cart : public Base {\n public:\n  explicit Cart(int size);\n  int total() const override;\n"
        "  Cart& operator+=(const Cart& other);\n  static const int kLimit = 3;\n\n private:\n"
        "  int sum() const;\n  Price price_;\n};\n\n}  // namespace shop\n"
    ),
    "include/shop/price.hpp": (
        "namespace shop {\n/// Money.\ntemplate <typename T>\nT round(T value) { return value; }\n\n"
        "struct Price {\n  int value() const { return round(cents); }\n  int cents = 0;\n};\n"
        "enum class Tax { None, Full };\nusing Money = Price;\n}\n"
    ),
    "src/cart.cc": (
        "#include \"shop/cart.h\"\n\nnamespace shop {\n\nBase::~Base() {}\nvoid Base::audit() {}\n\n"
        "Cart::Cart(int size) {}\n\nint Cart::total() const {\n  audit();\n"
        "  return sum() + price_.value() + kLimit;\n}\n\n"
        "int Cart::sum() const { return std::round(1); }\n\n"
        "Cart& Cart::operator+=(const Cart& other) { return *this; }\n\n"
        "int checkout(const Base& base) {\n  Cart cart(3);\n  auto more = std::make_unique<Cart>(4);\n"
        "  return cart.total() + more->total() + base.total();\n}\n\n}  // namespace shop\n"
    ),
    "test/cart_test.cc": (
        "#include <gtest/gtest.h>\n#include \"shop/cart.h\"\n\nTEST(CartTest, Totals) {\n  shop::Cart cart(1);\n"
        "  EXPECT_EQ(shop::checkout(cart), 0);\n}\n"
    ),
}  # fmt: skip


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    kinds = {
        "shop": "module", "shop.Cart": "class", "shop.Cart.kLimit": "constant", "shop.round": "function",
        "shop.Price": "struct", "shop.Price.value": "method", "shop.Tax": "enum", "shop.Money": "type",
        "shop.Base.audit": "method", "shop.Cart.operator": "method", "shop.checkout": "function",
        "CartTest.Totals": "method",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds


def test_names_lead_through_namespaces_prototypes_and_types(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    total = {name: (edge.kind, edge.confidence) for name, edge in method(snapshot, "shop.Cart.total").items()}
    assert total == {
        "shop.Base.audit": ("calls", "certain"),
        "shop.Cart.sum": ("calls", "certain"),
        "shop.Price.value": ("calls", "certain"),
        "shop.Cart.kLimit": ("references", "certain"),
        "shop.Base.total": ("overrides", "certain"),
    }
    checkout = {name: (edge.kind, edge.confidence) for name, edge in edges_from(snapshot, "shop.checkout").items()}
    assert checkout == {
        "shop.Base": ("references", "certain"),
        "shop.Cart": ("references", "certain"),
        "shop.Cart.total": ("calls", "certain"),
        "shop.Base.total": ("calls", "likely"),  # some class derived of Base may have its own
    }
    assert edges_from(snapshot, "shop.Cart")["shop.Base"].kind == "inherits"
    assert edges_from(snapshot, "CartTest.Totals")["shop.checkout"].kind == "tests"


def test_what_comes_of_the_standard_library_leads_nowhere(tmp_path: Path) -> None:
    assert "shop.round" not in method(snapshot_of(tmp_path, TREE), "shop.Cart.sum")


def method(snapshot: Snapshot, name: str) -> dict[str, Edge]:
    """What a method leads to, of which its class has a prototype besides."""
    named = [found for found in search_symbols(snapshot, name) if found.qualified == name]
    (symbol,) = [found for found in named if found.kind == "method"]
    return {edge.target: edge for edge in edges_of(snapshot, symbol.id)[0]}
