"""Python: definitions, and references followed through packages, re-exports and self."""

from pathlib import Path

from repos.engine.languages.python import parse_import
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "src/shop/__init__.py": "from .cart import Cart as Basket\n",
    "src/shop/cart.py": (
        "from shop.prices import total\n\nLIMIT = 3\n\n\nclass Cart(Base):\n"
        "    def pay(self):\n        return total(self.items())\n\n    def items(self):\n        return []\n"
    ),
    "src/shop/prices.py": "def total(items):\n    return sum(items)\n",
    "src/shop/web.py": "from shop import Basket\n\n\ndef view():\n    return Basket()\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_pay():\n    assert Cart().pay() == 0\n",
}


def test_python_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    assert found["Cart"] == "class"
    assert found["Cart.pay"] == "method"
    assert found["total"] == "function"
    assert found["LIMIT"] == "constant"


def test_python_follows_imports_self_and_reexports(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    pay = edges_from(snapshot, "Cart.pay")
    assert (pay["total"].kind, pay["total"].confidence, pay["total"].line) == ("calls", "certain", 8)
    assert pay["Cart.items"].confidence == "certain"
    assert edges_from(snapshot, "view")["Cart"].confidence == "certain"
    assert edges_from(snapshot, "test_pay")["Cart"].kind == "tests"


def test_inherited_members_are_found_in_the_base(tmp_path: Path) -> None:
    files = {
        "base.py": "class Base:\n    def save(self):\n        pass\n",
        "child.py": "from base import Base\n\n\nclass Child(Base):\n    def go(self):\n        self.save()\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "Child.go")["Base.save"].confidence == "certain"


def test_import_statements() -> None:
    assert [(i.module, i.name, i.alias) for i in parse_import("from ..a import (b as c, # no\n d)", 1)] == [
        ("..a", "b", "c"),
        ("..a", "d", "d"),
    ]
