"""What people and programs are told of a proof, in each of its states, and who is told nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from repos.models import ProofState, ReplayedCommit, Repository, RepositoryProof
from tests.conftest import Cast

from .conftest import index, shas

pytestmark = pytest.mark.django_db


def page(cast: Cast, repository: Repository) -> str:
    answer = cast.client(cast.mei).get(f"{repository.get_absolute_url()}proof/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def told(cast: Cast, repository: Repository) -> dict[str, Any]:
    answer = cast.client(cast.mei).get(f"/api/v1/repositories/{repository.public_id}/proof")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_page_shows_the_figures(cast: Cast, proven: Repository, past_shop: Path) -> None:
    text = page(cast, proven)
    assert "All changed files in the slice" in text and "95&nbsp;% interval" in text
    assert "hx-get" not in text and "How this is measured" in text
    whole = cast.client(cast.mei).get(proven.get_absolute_url()).content.decode()
    assert 'id="proof"' in whole


def test_the_api_tells_the_same(cast: Cast, proven: Repository) -> None:
    found = told(cast, proven)
    assert (found["state"], found["total"], found["done"], found["budget"]) == ("done", 3, 3, 8000)
    assert proven.snapshot is not None and found["commit"] == proven.snapshot.commit
    figures = found["figures"]
    assert figures["tasks"]["n"] == 3
    assert figures["tasks"]["low"] <= figures["tasks"]["share"] <= figures["tasks"]["high"]
    assert len(figures["misses"]) + figures["tasks"]["found"] == 3
    assert figures["slice_tokens"] > 0 and figures["file_tokens"] > 0 and figures["search_tokens"] > 0


def test_misses_lead_to_their_commit(cast: Cast, proven: Repository, past_shop: Path) -> None:
    sha = shas(past_shop)["Round the total of the cart's prices"]
    ReplayedCommit.objects.filter(sha=sha).update(found=[], subject="Round <b>all</b>")
    Repository.objects.update(url="https://github.com/Acme/shop", host="github.com", identity="github.com/acme/shop")
    text = page(cast, proven)
    assert f'href="https://github.com/Acme/shop/commit/{sha}"' in text
    assert "Round &lt;b&gt;all&lt;/b&gt;" in text and "shop/cart.py" in text
    [miss] = [miss for miss in told(cast, proven)["figures"]["misses"] if miss["sha"] == sha]
    assert miss["missing"] == ["shop/cart.py"] and miss["url"].endswith(sha)


def test_it_says_where_it_is(cast: Cast, link: Callable[..., Repository], past_shop: Path) -> None:
    repository = index(link(past_shop))
    assert "Waiting for a free worker" in page(cast, repository) and told(cast, repository)["figures"] is None
    RepositoryProof.objects.update(state=ProofState.RUNNING, total=40, done=7)
    text = page(cast, repository)
    assert "7 of 40 commits" in text and 'hx-trigger="every 5s"' in text
    assert (told(cast, repository)["done"], told(cast, repository)["state"]) == (7, "running")
    Repository.objects.update(paused_at=timezone.now())
    assert "so is this measurement" in page(cast, repository) and "hx-get" not in page(cast, repository)
    Repository.objects.update(paused_at=None)
    RepositoryProof.objects.update(state=ProofState.DONE, note="The disk is full.")
    assert "Nothing to measure" in page(cast, repository) and "The disk is full." in page(cast, repository)
    RepositoryProof.objects.all().delete()
    assert "Not measured yet" in page(cast, repository) and "Index again" in page(cast, repository)
    assert told(cast, repository)["state"] == "none"


def test_strangers_and_billing_are_told_nothing(cast: Cast, proven: Repository) -> None:
    for person, status in ((cast.mallory, 404), (cast.vic, 403)):
        client = cast.client(person)
        assert client.get(f"{proven.get_absolute_url()}proof/").status_code == status
        assert client.get(f"/api/v1/repositories/{proven.public_id}/proof").status_code == status


def test_it_costs_the_same_queries_for_many_commits(
    cast: Cast, proven: Repository, django_assert_max_num_queries: Any
) -> None:
    proof, now = RepositoryProof.objects.get(), timezone.now()
    rows = [
        ReplayedCommit(
            proof=proof, sha=f"{number:040x}", measure="m", subject="x", committed_at=now, judged=True, files=["a"]
        )
        for number in range(97)
    ]
    ReplayedCommit.objects.bulk_create(rows)
    client = cast.client(cast.mei)
    client.get(f"{proven.get_absolute_url()}proof/")
    with django_assert_max_num_queries(10):
        text = client.get(f"{proven.get_absolute_url()}proof/").content.decode()
    assert "more are not listed" in text
