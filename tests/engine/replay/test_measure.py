"""A past commit replayed in a real repository: what the slice held, and what it cost against reading files."""

from pathlib import Path

import pytest

from repos.engine import Snapshot, build_snapshot, count_tokens, open_snapshot
from repos.engine.git import GitTree, Policy, Remote, fetch, parse_address, read_log
from repos.engine.replay import BUDGET, Candidate, choose, replay
from repos.engine.replay.search import CAP
from tests.engine.git_server import commit_files, make_repository

POLICY = Policy(allow_local=True)
CART = (
    "import math\n\nRATE = 3\n\n\nclass Cart:\n    def total(self, prices):\n        return sum(prices)\n\n"
    "    def count(self, prices):\n        return len(prices)\n\n\ndef ship(order):\n    return order\n"
)
WEATHER = "".join(f"def forecast_{number}(sky):\n    return sky + {number}\n\n\n" for number in range(30))


class Shop:
    """A repository with one commit to replay."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mirror = folder / "shop", folder / "m"
        make_repository(self.folder, {"src/cart.py": CART, "src/weather.py": WEATHER, "src/lock.py": "x = 1\n"})

    def commit(self, files: dict[str, str | bytes], message: str) -> tuple[Candidate, Snapshot]:
        commit_files(self.folder, files, message)
        fetched = fetch(Remote(parse_address(str(self.folder), POLICY), POLICY), self.mirror, depth=None)
        [candidate] = choose(read_log(self.mirror, fetched.commit, most=1), most=1)
        path = self.mirror.with_name("parent.pare")
        build_snapshot(GitTree(self.mirror, candidate.parent), path=path, commit=candidate.parent)
        return candidate, open_snapshot(path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_it_finds_what_the_message_speaks_of(shop: Shop) -> None:
    after = CART.replace("return sum(prices)", "return round(sum(prices))")
    candidate, parent = shop.commit({"src/cart.py": after}, "Round the total of the cart's prices")
    replayed = replay(parent, shop.mirror, candidate)
    assert replayed is not None and replayed.hit
    assert replayed.files == replayed.found == ("src/cart.py",)
    assert (replayed.definitions, replayed.definitions_found) == (1, 1)
    assert 0 < replayed.tokens <= BUDGET
    assert replayed.file_tokens == count_tokens(CART)
    assert replayed.search_found and 0 < replayed.search_tokens < CAP


def test_it_misses_what_no_word_leads_to(shop: Shop) -> None:
    after = CART.replace("return order", "return [order]")
    candidate, parent = shop.commit({"src/cart.py": after}, "Tell the sky forecast of tomorrow")
    replayed = replay(parent, shop.mirror, candidate)
    assert replayed is not None and not replayed.hit and replayed.found == ()
    assert (replayed.definitions, replayed.definitions_found) == (1, 0)
    assert (replayed.search_tokens, replayed.search_found) == (CAP, False)


def test_each_touched_definition_counts_and_what_is_round_it_does_not(shop: Shop) -> None:
    after = CART.replace("sum(", "fsum(").replace("len(", "abs(").replace("import math", "import cmath")
    candidate, parent = shop.commit({"src/cart.py": after}, "Count prices exactly in cart totals")
    replayed = replay(parent, shop.mirror, candidate)
    assert replayed is not None and replayed.definitions == 2


def test_a_new_function_between_others_touches_none(shop: Shop) -> None:
    after = CART.replace("\n\ndef ship", "\n\ndef pack(order):\n    return order\n\n\ndef ship")
    candidate, parent = shop.commit({"src/cart.py": after}, "Pack an order before the cart ships")
    replayed = replay(parent, shop.mirror, candidate)
    assert replayed is not None and replayed.definitions == 0 and replayed.hit


def test_a_file_that_is_not_in_the_index_is_not_judged(shop: Shop) -> None:
    commit_files(shop.folder, {"src/wide.py": "x = '" + "y" * 100_000 + "'\n"}, "Add")
    candidate, parent = shop.commit({"src/wide.py": "x = 1\n"}, "Make the wide text short again")
    assert replay(parent, shop.mirror, candidate) is None


def test_it_is_the_same_again(shop: Shop) -> None:
    candidate, parent = shop.commit({"src/lock.py": "x = 2\n"}, "Count the prices of a cart in forecasts")
    assert replay(parent, shop.mirror, candidate) == replay(parent, shop.mirror, candidate)
