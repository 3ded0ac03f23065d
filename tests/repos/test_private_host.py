"""Linking a private repository at a host inside the own network, over real https."""

from pathlib import Path
from typing import Any

import pytest

from repos import indexing, services
from repos.models import IndexRun, Repository, State
from tests.conftest import Cast
from tests.engine.git_server import TOKEN, make_repository, serve

pytestmark = pytest.mark.django_db(transaction=True)


def work(repository: Repository) -> IndexRun:
    run = IndexRun.objects.filter(repository=repository, state=State.QUEUED).get()
    indexing.index(run.pk)
    run.refresh_from_db()
    return run


def test_a_token_opens_it(cast: Cast, tmp_path: Path, settings: Any) -> None:
    tip = make_repository(tmp_path / "srv" / "shop", {"a.py": "def a():\n    return 1\n"})
    with serve(tmp_path / "srv", tmp_path / "tls") as host:
        settings.PARE_ALLOW_PRIVATE_HOSTS = True
        url = f"https://localhost:{host.port}/private/shop/.git"
        repository = services.link_repository(team=cast.acme, url=url, actor=cast.olga)
        assert work(repository).error_code == "host_untrusted"
        settings.PARE_GIT_CA_FILE = str(host.ca_file)
        services.request_index(repository=repository, actor=cast.olga)
        assert work(repository).error_code == "token_needed"
        services.change_token(repository=repository, token="tok-wrong", actor=cast.olga)
        refused = work(repository)
        assert refused.error_code == "token_refused" and "tok-wrong" not in refused.error
        services.change_token(repository=repository, token=TOKEN, actor=cast.olga)
        assert (work(repository).state, work_commit(repository)) == (State.SUCCEEDED, tip)
        settings.PARE_ALLOW_PRIVATE_HOSTS = False  # the operator changes their mind
        services.request_index(repository=repository, actor=cast.olga)
        assert work(repository).error_code == "host_not_allowed"


def work_commit(repository: Repository) -> str:
    snapshot = Repository.objects.with_state().get(pk=repository.pk).snapshot
    return snapshot.commit if snapshot else ""
