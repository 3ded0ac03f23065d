"""The real worker, from a link in the browser to a slice."""

import time
from pathlib import Path

import pytest

from repos import services, storage, tasks
from repos.models import IndexRun, Repository, State
from tests.conftest import Cast, make_cast
from tests.engine.git_server import commit_files, make_repository
from tests.live import Worker

SHOP = {"shop/cart.py": "class Cart:\n    def total(self):\n        return 1\n"}


@pytest.fixture
def acme(celery_worker: Worker) -> Cast:
    return make_cast()


def test_it_works_from_link_to_unlink(acme: Cast, celery_worker: Worker, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", dict(SHOP))
    client = acme.client(acme.olga)
    answer = client.post("/t/acme/repositories/link/", {"url": str(tmp_path / "shop"), "auth": "none"})
    assert answer.status_code == 302
    celery_worker.drain()
    repository = Repository.objects.with_state().get()
    assert repository.status == "ready" and repository.snapshot is not None, celery_worker.child.tail()
    served = services.serve_slice(repository=repository, actor=acme.mei, task="the cart total", budget=1000)
    assert "def total" in served.slice.text

    tip = commit_files(tmp_path / "shop", {"shop/new.py": "def brand_new():\n    return 2\n"})
    Repository.objects.update(next_poll_at=repository.created_at)
    tasks.poll_repositories.delay()
    celery_worker.drain()
    repository = Repository.objects.with_state().get()
    assert repository.snapshot is not None and repository.snapshot.commit == tip
    assert repository.polled_at is not None and repository.next_poll_at > repository.polled_at

    mirror = storage.mirror_of(repository.public_id)
    assert mirror.exists()
    services.unlink_repository(repository=repository, actor=acme.olga)
    celery_worker.drain()
    assert not mirror.exists()


def test_a_run_behind_another_is_taken_by_itself(acme: Cast, celery_worker: Worker, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {f"f{n}.py": f"def f{n}():\n    return {n}\n" for n in range(300)})
    repository = services.link_repository(team=acme.acme, url=str(tmp_path / "shop"), actor=acme.olga)
    for _ in range(200):
        if IndexRun.objects.filter(state=State.RUNNING).exists() or Repository.objects.get().snapshot_id:
            break
        time.sleep(0.05)
    services.request_index(repository=repository, actor=acme.olga)
    celery_worker.drain()
    assert not IndexRun.objects.exclude(state__in=[State.SUCCEEDED, State.SUPERSEDED]).exists()
    assert Repository.objects.with_state().get().status == "ready"
