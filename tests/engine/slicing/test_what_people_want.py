"""What a rule measured on fixed bugs alone would rank away: tests, constants, imports, docs."""

import pytest

from repos.engine import Snapshot, make_slice
from tests.engine.trees import snapshot_of

FILES = {
    "shop/limits.py": "MAX_CART_ITEMS = 40\nDEFAULT_CURRENCY = 'EUR'\n\n\n"
    "def clamp(value):\n    return min(value, MAX_CART_ITEMS)\n",
    "shop/cart.py": "from shop.prices import total\nfrom shop.limits import clamp\n\n\n"
    "class Cart:\n    def pay(self):\n        return total(clamp(len(self.items)))\n",
    "shop/prices.py": "import shop.cart\n\n\ndef total(count):\n    return count * 3\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_pay_twice():\n    assert Cart().pay() == 3\n",
    "docs/checkout.md": "# Checkout\n\nThe voucher is taken off before taxes.\n",
    **{
        f"shop/step_{i}.py": f"def step_{i}(cart):\n    '''Cart items at most, pay later.'''\n    cart.pay({i})\n"
        for i in range(60)
    },
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("wanted"), FILES)


def top(snapshot: Snapshot, task: str, most: int = 3) -> list[str]:
    return [item.path for item in make_slice(snapshot, task, budget=4000).items[:most]]


def test_a_constant_that_the_task_names(snapshot: Snapshot) -> None:
    answer = make_slice(snapshot, "MAX_CART_ITEMS is too small for large shops", budget=4000)
    assert answer.items[0].path == "shop/limits.py"
    assert "MAX_CART_ITEMS = 40" in answer.text


def test_a_constant_said_in_words(snapshot: Snapshot) -> None:
    assert "shop/limits.py" in top(snapshot, "the default currency should be dollars")


def test_an_import_the_task_is_about(snapshot: Snapshot) -> None:
    answer = make_slice(snapshot, "circular import: shop.prices does import shop.cart", budget=4000)
    assert "import shop.cart" in answer.text


def test_tests_when_the_task_is_about_tests(snapshot: Snapshot) -> None:
    assert "tests/test_cart.py" in top(snapshot, "Add a test for paying a cart twice")


def test_no_tests_when_it_is_not(snapshot: Snapshot) -> None:
    answer = make_slice(snapshot, "paying a cart twice", budget=4000)
    assert "tests/test_cart.py" not in {item.path for item in answer.items if item.form != "signature"}


def test_docs_when_only_they_speak_of_it(snapshot: Snapshot) -> None:
    assert top(snapshot, "voucher before taxes", 1) == ["docs/checkout.md"]


def test_another_language_gets_the_map(snapshot: Snapshot) -> None:
    answer = make_slice(snapshot, "Корзина оплачивается дважды при обрыве связи", budget=600)
    assert {item.form for item in answer.items} == {"signature"}
    assert answer.confidence == "low"
