"""A shop with a past: commits that make tasks, and commits that do not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from repos import indexing, proof
from repos.models import Repository, RepositoryProof
from tests.engine.git_server import commit_files, git, make_repository
from tests.repos.conftest import SHOP

MESSAGES: dict[str, dict[str, str | bytes]] = {
    "Round the total of the cart's prices": {
        "shop/cart.py": str(SHOP["shop/cart.py"]).replace("sum(prices)", "round(sum(prices))")
    },
    "Pay for the cart in the checkout": {"web/checkout.ts": "export function checkout(cart: string) {\n  pay();\n}\n"},
    "Say how the weather of tomorrow feels": {"shop/tax.py": "RATE = 0.2\n\n\ndef tax_of(prices):\n    return 1\n"},
    "docs: describe the cart": {"README.md": "The cart.\n"},
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn on a busy machine is as long as it needs to be."""
    monkeypatch.setattr(proof, "TURN_SECONDS", 3600.0)


@pytest.fixture
def past_shop(tmp_path: Path) -> Path:
    folder = tmp_path / "past" / "shop"
    make_repository(folder, dict(SHOP))
    for message, files in MESSAGES.items():
        commit_files(folder, files, message)
    return folder


@pytest.fixture
def proven(link: Callable[..., Repository], past_shop: Path) -> Repository:
    """Linked, indexed, and its past replayed."""
    repository = index(link(past_shop))
    work(repository)
    return repository


def index(repository: Repository) -> Repository:
    """Index what the folder has now."""
    repository = Repository.objects.with_state().get(pk=repository.pk)
    assert repository.latest_run is not None
    indexing.index(repository.latest_run.pk)
    return Repository.objects.with_state().get(pk=repository.pk)


def work(repository: Repository, turns: int = 50) -> RepositoryProof:
    """Take turns until there is no more to do."""
    while proof.work(repository.pk) is not None:
        turns -= 1
        assert turns
    return RepositoryProof.objects.get(repository=repository)


def shas(folder: Path) -> dict[str, str]:
    """Subject -> id, of all commits."""
    lines = git("log", "--format=%s%x09%H", cwd=folder).splitlines()
    return dict(line.split("\t") for line in lines)
