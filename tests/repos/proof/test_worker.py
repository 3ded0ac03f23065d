"""The real worker brings a proof by itself, after the index run, without anybody asking."""

from pathlib import Path

import pytest

from repos import services, tasks
from repos.models import ProofState, RepositoryProof
from tests.conftest import Cast, make_cast
from tests.engine.git_server import commit_files
from tests.live import Worker


@pytest.fixture
def acme(celery_worker: Worker) -> Cast:
    return make_cast()


def test_a_link_ends_in_a_proof(acme: Cast, celery_worker: Worker, past_shop: Path) -> None:
    repository = services.link_repository(team=acme.acme, url=str(past_shop), actor=acme.olga)
    celery_worker.drain(180)
    proof = RepositoryProof.objects.get(repository=repository)
    assert (proof.state, proof.done, proof.note) == (ProofState.DONE, 3, ""), celery_worker.child.tail()
    page = acme.client(acme.mei).get(repository.get_absolute_url())
    assert page.status_code == 200 and b"Proof on your own history" in page.content

    commit_files(past_shop, {"shop/cart.py": "class Cart:\n    pass\n"}, "Empty the cart at its end")
    services.request_index(repository=repository, actor=acme.olga)
    celery_worker.drain(180)
    assert RepositoryProof.objects.get().done == 4
    services.unlink_repository(repository=repository, actor=acme.olga)
    celery_worker.drain(60)
    assert not RepositoryProof.objects.exists()


def test_what_no_task_knows_of_is_taken_up_by_the_sweep(acme: Cast, celery_worker: Worker, past_shop: Path) -> None:
    repository = services.link_repository(team=acme.acme, url=str(past_shop), actor=acme.olga)
    celery_worker.drain(180)
    RepositoryProof.objects.get().replays.all().delete()
    RepositoryProof.objects.update(state=ProofState.RUNNING, heartbeat_at=repository.created_at.replace(year=2020))
    tasks.sweep_runs.delay()
    celery_worker.drain(180)
    proof = RepositoryProof.objects.get()
    assert (proof.state, proof.done) == (ProofState.DONE, 3), celery_worker.child.tail()
