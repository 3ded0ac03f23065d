"""Finding symbols by name, and their edges."""

from pathlib import Path

import pytest

from repos.engine import Snapshot, edges_of, search_symbols, symbol_count
from tests.engine.languages.test_python import TREE as PYTHON
from tests.engine.languages.test_typescript import TREE as TYPESCRIPT
from tests.engine.trees import snapshot_of


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("lookup"), {**PYTHON, **TYPESCRIPT})


def names(snapshot: Snapshot, query: str, limit: int = 20) -> list[str]:
    return [symbol.qualified for symbol in search_symbols(snapshot, query, limit=limit)]


def test_exact_names_then_beginnings_then_parts(tmp_path: Path) -> None:
    files = {"a.py": "def unpay(): pass\ndef pay(): pass\ndef payment(): pass\ndef Pay(): pass\n"}
    assert names(snapshot_of(tmp_path, files), "pay") == ["pay", "Pay", "payment", "unpay"]


def test_a_qualified_name(snapshot: Snapshot) -> None:
    assert names(snapshot, "Cart.pay") == ["Cart.pay"]
    assert names(snapshot, "cart.PAY") == ["Cart.pay"]
    assert names(snapshot, "Basket.pay") == []


def test_a_symbol_says_where_it_is(snapshot: Snapshot) -> None:
    found = search_symbols(snapshot, "pay")[0]
    assert (found.path, found.start, found.end, found.kind) == ("src/shop/cart.py", 7, 8, "method")
    assert (found.signature, found.language) == ("def pay(self):", "python")


def test_tests_come_last_among_equals(snapshot: Snapshot) -> None:
    assert names(snapshot, "pay")[-1] == "test_pay"


@pytest.mark.parametrize("query", ["", "  ", ".", "no_such_name_anywhere", "\udcff", "a" * 5000])
def test_nothing_found(snapshot: Snapshot, query: str) -> None:
    assert names(snapshot, query) == []


def test_the_limit_holds(snapshot: Snapshot) -> None:
    assert len(names(snapshot, "e", 2)) == 2
    assert names(snapshot, "e", 0) == []


def test_edges_in_both_directions(snapshot: Snapshot) -> None:
    total = search_symbols(snapshot, "total")[0]
    outgoing, incoming = edges_of(snapshot, total.id)
    assert outgoing == []
    callers = {(edge.source, edge.path, edge.line) for edge in incoming if edge.kind == "calls"}
    assert callers == {("Cart.pay", "src/shop/cart.py", 8)}


def test_edges_of_a_symbol_that_does_not_exist(snapshot: Snapshot) -> None:
    assert edges_of(snapshot, -1) == edges_of(snapshot, symbol_count(snapshot)) == ([], [])
