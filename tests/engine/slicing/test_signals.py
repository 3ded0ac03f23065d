"""Signals one by one, on trees small enough to say what each must be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from repos.engine import Snapshot
from repos.engine.slicing.features import BLOCK_SIGNALS, FILE_SIGNALS, Features, features, places
from repos.engine.slicing.rank import WEIGHTS, order
from repos.engine.slicing.task import read_task
from tests.engine.trees import snapshot_of

FILES = {
    "shop/word_regexp.py": "def compile_pattern(text):\n    return text.strip()\n",
    "shop/flags.py": "def word_regexp(text):\n    return text\n\n\ndef other(text):\n    return text.upper()\n",
    "shop/billing/invoice.py": "def send(invoice):\n    return invoice.voucher\n",
    "shop/billing/ledger.py": "def post(entry):\n    return entry\n",
    "shop/notes.py": "def keep(note):\n    return note\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("signals"), FILES)


def found(snapshot: Snapshot, text: str) -> Features:
    return features(snapshot, read_task(text), tests=False)


def of_block(snapshot: Snapshot, text: str, signal: str) -> dict[str, float]:
    answer = found(snapshot, text)
    names = [snapshot.qualified(int(snapshot.blocks.symbols[block])) for block in answer.blocks]
    return dict(zip(names, answer.of_block[BLOCK_SIGNALS.index(signal)].tolist(), strict=True))


def of_file(snapshot: Snapshot, text: str, signal: str) -> dict[str, float]:
    answer = found(snapshot, text)
    names = [snapshot.files.paths[int(file)] for file in answer.files]
    return dict(zip(names, answer.of_file[FILE_SIGNALS.index(signal)].tolist(), strict=True))


def test_two_words_make_an_identifier(snapshot: Snapshot) -> None:
    assert of_block(snapshot, "the word regexp flag strips text", "compound")["word_regexp"] == 1


def test_the_share_of_a_name_that_the_task_has(snapshot: Snapshot) -> None:
    shares = of_block(snapshot, "compile the text", "name")
    assert shares["compile_pattern"] == 0.5
    assert shares["other"] == 0


def test_words_of_a_path(snapshot: Snapshot) -> None:
    scores = of_file(snapshot, "billing of the invoice returns text", "path")
    assert scores["shop/billing/invoice.py"] > scores["shop/billing/ledger.py"] > scores["shop/flags.py"] == 0


def test_the_folder_of_a_good_match(snapshot: Snapshot) -> None:
    scores = of_file(snapshot, "invoice voucher; billing entry; return note", "folder")
    assert scores["shop/billing/ledger.py"] > scores["shop/notes.py"]


def test_a_sentence_of_its_own_brings_its_block_up(snapshot: Snapshot) -> None:
    task = "The text is stripped, the text is upper case, text is text. Post the entry."
    scores = of_block(snapshot, task, "statements")
    assert scores["post"] > scores.get("send", 0)


def test_places_within_groups() -> None:
    assert places(np.array([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]
    assert places(np.zeros(0, int)).tolist() == []


def test_spread_brings_in_the_best_block_of_a_second_file(tmp_path: Path) -> None:
    many = "\n\n".join(f"def voucher_{i}(cart):\n    return cart.voucher.total({i})" for i in range(12))
    files = {"voucher.py": many, "invoice.py": "def invoice(cart):\n    return cart.voucher\n"}
    answer = features(snapshot_of(tmp_path, files), read_task("voucher total of the cart on the invoice"), tests=False)
    plain = order(answer, replace(WEIGHTS, spread=0.0)).blocks.tolist()
    spread = order(answer, replace(WEIGHTS, spread=2.0, fall=0.2)).blocks.tolist()
    assert spread.index(0) <= plain.index(0)
    assert spread.index(0) <= 1


def test_no_weights_rank_nothing(snapshot: Snapshot) -> None:
    nothing = replace(WEIGHTS, blocks={}, files={})
    assert not len(order(found(snapshot, "invoice"), nothing).blocks)
