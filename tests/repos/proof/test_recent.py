"""The last commits, noted with the proof and shown on the page of a symbol."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from repos import services
from repos.models import RecentCommits, Repository
from repos.recent import PATHS_KEPT
from tests.conftest import Cast
from tests.engine.git_server import commit_files

from .conftest import index, work

pytestmark = pytest.mark.django_db


def symbol_page(client: Client, repository: Repository, path: str, name: str) -> str:
    address = reverse("repository_symbol", args=[repository.team.slug, repository.public_id])
    return client.get(f"{address}?{urlencode({'path': path, 'name': name})}").content.decode()


def test_the_page_shows_the_commits_of_the_file(cast: Cast, proven: Repository) -> None:
    page = symbol_page(cast.client(cast.mei), proven, "shop/cart.py", "Cart.total")
    assert "Last commits to its file" in page
    assert "Round the total of the cart" in page and "Say how the weather" not in page


def test_before_the_proof_there_are_none(cast: Cast, indexed: Repository) -> None:
    page = symbol_page(cast.client(cast.mei), indexed, "shop/cart.py", "Cart.total")
    assert "Cart.total" in page and "Last commits" not in page
    assert services.recent_commits(indexed, "shop/cart.py") == []


def test_hostile_commits(cast: Cast, link: Callable[..., Repository], past_shop: Path) -> None:
    many = {f"many/{number}.txt": "x" for number in range(300)}
    commit_files(
        past_shop,
        {"shop/cart.py": "class Cart:\n    def total(self):\n        return 0\n", **many},
        message="<script>alert(1)</script> \u202e" + "long " * 5000,
    )
    repository = index(link(past_shop))
    work(repository)
    noted = RecentCommits.objects.for_team(cast.acme).get(repository=repository)
    assert len(noted.commits[0][4]) == PATHS_KEPT and len(noted.commits[0][3]) <= 200
    assert not RecentCommits.objects.for_team(cast.rival).exists()
    page = symbol_page(cast.client(cast.mei), repository, "many/0.txt", "nothing")
    assert "<script>alert" not in page


def test_unlinking_takes_them_along(cast: Cast, proven: Repository) -> None:
    services.unlink_repository(repository=proven, actor=cast.olga)
    assert not RecentCommits.objects.exists()
