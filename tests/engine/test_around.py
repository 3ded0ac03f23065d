"""What stands round a symbol, and finding it again by its address."""

from pathlib import Path

import pytest

from repos.engine import Snapshot, around
from repos.engine.types import Symbol
from tests.engine.trees import snapshot_of

TREE = {
    "shop/base.py": "class Base:\n    def total(self):\n        pass\n\n    def twice(self):\n        self.total()\n",
    "shop/cart.py": (
        "from shop.base import Base\n\n\nclass Cart(Base):\n    def total(self):\n        return price()\n\n\n"
        "def price():\n    return RATE\n\n\nRATE = 2\n\n\ndef pay():\n    return price()\n"
    ),
    "shop/late.py": (
        "from shop.cart import Cart, pay\n\n\ndef order():\n    return pay()\n\n\n"
        "def is_cart(thing):\n    return isinstance(thing, Cart)\n"
    ),
    "tests/test_cart.py": "from shop.late import order\n\n\ndef test_order():\n    assert order()\n",
    "twice.py": "def same():\n    return 1\n\n\ndef other():\n    pass\n\n\ndef same():\n    return 2\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("around"), TREE)


def found(snapshot: Snapshot, path: str, name: str, line: int | None = None) -> Symbol:
    symbol = around.find_symbol(snapshot, path, name, line)
    assert symbol is not None
    return symbol


def related(snapshot: Snapshot, path: str, name: str, relation: around.Relation) -> list[str]:
    answer = around.neighbours(snapshot, found(snapshot, path, name).id, relation)
    return [one.symbol.qualified if one.symbol else one.path for one in answer.items]


def test_callers_say_where_and_how(snapshot: Snapshot) -> None:
    answer = around.neighbours(snapshot, found(snapshot, "shop/cart.py", "price").id, "callers")
    told = {(one.symbol.qualified if one.symbol else "", one.edge.line, one.edge.expression) for one in answer.items}
    assert told == {("Cart.total", 6, "price()"), ("pay", 17, "price()")}
    assert answer.total == 2


@pytest.mark.parametrize(
    ("path", "name", "relation", "others"),
    [
        ("shop/cart.py", "pay", "callees", ["price"]),
        ("shop/cart.py", "Cart", "bases", ["Base"]),
        ("shop/base.py", "Base", "implementations", ["Cart"]),
        ("shop/cart.py", "Cart.total", "overrides", ["Base.total"]),
        ("shop/base.py", "Base.total", "overridden_by", ["Cart.total"]),
        ("shop/late.py", "order", "tests", ["test_order"]),
        ("shop/cart.py", "Cart", "users", ["is_cart"]),
        ("shop/late.py", "is_cart", "uses", ["Cart"]),
        ("twice.py", "other", "callers", []),
    ],
)
def test_each_relation(snapshot: Snapshot, path: str, name: str, relation: around.Relation, others: list[str]) -> None:
    assert related(snapshot, path, name, relation) == others


def test_tests_that_reach_it_through_others(snapshot: Snapshot) -> None:
    reaching = around.reaching_tests(snapshot, found(snapshot, "shop/cart.py", "price").id)
    assert [(one.symbol.qualified, one.steps) for one in reaching] == [("test_order", 3)]
    assert around.reaching_tests(snapshot, found(snapshot, "shop/late.py", "order").id) == []  # that one is direct


def test_the_nearest_of_several_with_one_name(snapshot: Snapshot) -> None:
    starts = [found(snapshot, "twice.py", "same", line).start for line in (None, 1, 4, 8, 9, 500)]
    assert starts == [1, 1, 1, 9, 9, 9]


@pytest.mark.parametrize(
    ("path", "name"),
    [("twice.py", ""), ("twice.py", "gone"), ("gone.py", "same"), ("shop/cart.py", "total"), ("", "\0")],
)
def test_nothing_at_an_address(snapshot: Snapshot, path: str, name: str) -> None:
    assert around.find_symbol(snapshot, path, name) is None


def test_members_in_order(snapshot: Snapshot) -> None:
    members = around.members_of(snapshot, found(snapshot, "shop/base.py", "Base").id, 10)
    assert [member.name for member in members] == ["total", "twice"]
    assert len(around.members_of(snapshot, found(snapshot, "shop/base.py", "Base").id, 1)) == 1


def test_long_lists_come_in_pages(tmp_path: Path) -> None:
    code = "def one():\n    pass\n\n\n" + "".join(f"def f{n}():\n    one()\n\n\n" for n in range(30))
    with snapshot_of(tmp_path, {"m.py": code}) as open_:
        symbol = found(open_, "m.py", "one").id
        pages = [around.neighbours(open_, symbol, "callers", first=first, most=20) for first in (0, 20, 40)]
    names = [one.symbol.name for page in pages for one in page.items if one.symbol]
    assert names == [f"f{n}" for n in range(30)]
    assert {page.total for page in pages} == {30}
