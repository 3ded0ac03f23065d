"""Real repositories in folders, linked by their path as the operator of a test server may."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Team
from repos import indexing, progress, services
from repos.models import Repository, Snapshot
from tests.conftest import Cast
from tests.engine.git_server import make_repository

SHOP: dict[str, str | bytes] = {
    "shop/cart.py": (
        "from shop.tax import tax_of\n\n\nclass Cart:\n    def total(self, prices):\n"
        '        """Sum of prices with tax."""\n        return sum(prices) + tax_of(prices)\n'
    ),
    "shop/tax.py": "RATE = 0.19\n\n\ndef tax_of(prices):\n    return sum(prices) * RATE\n",
    "web/checkout.ts": "export function checkout(cart: string): string {\n  return pay(cart);\n}\n",
    "logo.png": b"\x89PNG\0\0binary",
}


@pytest.fixture(autouse=True)
def own_folders(settings: Any) -> None:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True


@pytest.fixture(autouse=True)
def silent_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that writes progress has its own connection, which does not see what a test has not committed."""
    monkeypatch.setattr(progress, "WRITE_EVERY", 3600.0)


@pytest.fixture(scope="session")
def first_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "shop"
    make_repository(folder, SHOP)
    return folder


@pytest.fixture
def shop(first_shop: Path, tmp_path: Path) -> Path:
    """A small repository with Python, TypeScript and a picture in it."""
    return Path(shutil.copytree(first_shop, tmp_path / "shop"))


@pytest.fixture
def link(cast: Cast, shop: Path) -> Callable[..., Repository]:
    """Links a folder for Acme (or another team); the run waits until something works on it."""

    def linked(folder: Path = shop, team: Team | None = None) -> Repository:
        return services.link_repository(team=team or cast.acme, url=str(folder), actor=cast.olga)

    return linked


@pytest.fixture
def indexed(link: Callable[..., Repository]) -> Repository:
    """The shop, linked and indexed in this process."""
    repository = link()
    assert repository.latest_run is not None
    indexing.index(repository.latest_run.pk)
    return Repository.objects.with_state().get(pk=repository.pk)


def give_snapshot(repository: Repository) -> Snapshot:
    """A snapshot's row without a file, for lists."""
    coverage = {"seen": 3, "parsed": 2, "text": 0, "skipped": {"binary": 1}, "examples": [], "share": 1.0}
    snapshot = Snapshot.objects.create(
        repository=repository, branch="main", commit="a" * 40, committed_at=repository.created_at,
        storage_name=f"{repository.public_id}/x.pare", digest="0" * 64, size=1, symbols=7, edges=3,
        statistics={"languages": [], "edges": []}, coverage=coverage,
    )  # fmt: skip
    Repository.objects.filter(pk=repository.pk).update(snapshot=snapshot)
    return snapshot
