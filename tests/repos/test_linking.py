"""Linking, unlinking, and who may."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key
from django.db import connection

from accounts.models import AuditEntry
from billing.caps import RepositoryCapReached
from billing.services import change_plan
from config.errors import DomainError
from repos import cleaning, errors, indexing, pauses, secrets, services, storage, tasks
from repos.models import Auth, IndexRun, Repository, SliceRecord, Snapshot, State
from tests.conftest import Cast
from tests.engine.git_server import make_repository

pytestmark = pytest.mark.django_db
PUBLIC = "https://git.example.invalid/acme/shop.git"  # resolves nowhere: linking it is allowed, the run will say so


def test_it_links_and_queues_a_run(cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url=PUBLIC, actor=cast.olga)
    assert (repository.name, repository.identity, repository.host) == (
        "acme/shop", "git.example.invalid/acme/shop", "git.example.invalid",
    )  # fmt: skip
    assert (repository.auth, repository.linked_by) == (Auth.NONE, cast.olga)
    run = IndexRun.objects.get(repository=repository)
    assert (run.state, run.trigger, run.requested_by) == (State.QUEUED, "link", cast.olga)
    assert AuditEntry.objects.for_team(cast.acme).filter(action="repository.linked").exists()


def test_a_token_is_stored_sealed(cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url=PUBLIC, token="tok-123", actor=cast.olga)
    stored = bytes(Repository.objects.values_list("sealed_token", flat=True).get(pk=repository.pk))
    assert b"tok-123" not in stored and secrets.unseal(stored) == "tok-123"
    assert repository.auth == Auth.TOKEN


def test_an_ssh_address_gets_a_deploy_key_of_its_own(cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url="git@git.example.invalid:acme/shop", actor=cast.olga)
    assert repository.auth == Auth.DEPLOY_KEY and repository.url == "ssh://git@git.example.invalid/acme/shop"
    load_ssh_public_key(repository.public_key.encode())
    private = secrets.unseal(repository.sealed_private_key)
    load_ssh_private_key(private.encode(), None)
    assert b"PRIVATE" not in bytes(repository.sealed_private_key)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "http://git.example/a"}, "scheme_not_allowed"),
        ({"url": "ext::sh -c x"}, "address_invalid"),
        ({"url": "https://127.0.0.1/a/b"}, "host_not_allowed"),
        ({"url": "https://localhost/a/b"}, "host_not_allowed"),
        ({"url": "git@10.0.0.8:a/b"}, "host_not_allowed"),
        ({"url": "https://u:p@git.example/a"}, "credentials_in_address"),
        ({"url": PUBLIC, "token": "a b"}, "token_invalid"),
        ({"url": PUBLIC, "auth": "token"}, "token_missing"),
        ({"url": PUBLIC, "auth": "deploy_key"}, "auth_mismatch"),
        ({"url": "git@git.example.invalid:a/b", "auth": "token", "token": "x"}, "auth_mismatch"),
        ({"url": PUBLIC, "branch": "-x"}, "branch_invalid"),
    ],
)
def test_it_refuses(cast: Cast, given: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        services.link_repository(team=cast.acme, actor=cast.olga, **given)
    assert refused.value.code == code and refused.value.fields
    assert not Repository.objects.exists() and not IndexRun.objects.exists()


def test_folders_need_the_operators_word(cast: Cast, shop: Path, settings: Any) -> None:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = False
    with pytest.raises(errors.AddressInvalid) as refused:
        services.link_repository(team=cast.acme, url=str(shop), actor=cast.olga)
    assert refused.value.code == "local_not_allowed"


def test_the_same_repository_is_linked_once_a_team(cast: Cast) -> None:
    services.link_repository(team=cast.acme, url=PUBLIC, actor=cast.olga)
    for other in ("https://GIT.example.invalid/Acme/shop/", "git@git.example.invalid:acme/shop.git"):
        with pytest.raises(errors.AlreadyLinked):
            services.link_repository(team=cast.acme, url=other, actor=cast.olga)
    assert services.link_repository(team=cast.rival, url=PUBLIC, actor=cast.mallory).team == cast.rival


def test_starter_stops_at_its_cap(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    services.link_repository(team=cast.acme, url=PUBLIC, actor=cast.olga)
    with pytest.raises(RepositoryCapReached) as refused:
        services.link_repository(team=cast.acme, url=PUBLIC + "2", actor=cast.olga)
    assert refused.value.status == 402
    assert services.repositories_in_use(cast.acme) == 1


@pytest.mark.django_db(transaction=True)
def test_two_links_at_once_take_one_place(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)

    def link(number: int) -> bool:
        try:
            services.link_repository(team=cast.acme, url=f"{PUBLIC}{number}", actor=cast.olga)
        except RepositoryCapReached:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(link, range(5))) == 1
    assert services.repositories_in_use(cast.acme) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_link_at_once_makes_one(cast: Cast) -> None:
    def link(_: int) -> bool:
        try:
            services.link_repository(team=cast.acme, url=PUBLIC, actor=cast.olga)
        except errors.AlreadyLinked:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(link, range(4))) == 1


def test_unlinking_removes_rows_and_files(cast: Cast, indexed: Repository) -> None:
    services.serve_slice(repository=indexed, actor=cast.mei, task="cart", budget=500)
    assert indexed.snapshot is not None
    file = storage.file_of(indexed.snapshot)
    mirror = storage.mirror_of(indexed.public_id)
    assert file.exists() and mirror.exists()
    services.unlink_repository(repository=indexed, actor=cast.olga)
    tasks.remove_repository_files(str(indexed.public_id))
    assert not file.exists() and not mirror.exists()
    assert not (Repository.objects.exists() or IndexRun.objects.exists() or Snapshot.objects.exists())
    assert services.slices_this_month(cast.acme) == 1  # what was served stays counted
    assert SliceRecord.objects.get().repository is None


def test_a_new_token_is_used(cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url=PUBLIC, token="old", actor=cast.olga)
    IndexRun.objects.all().update(state=State.FAILED)
    services.change_token(repository=repository, token="new", actor=cast.olga)
    repository.refresh_from_db()
    assert secrets.unseal(repository.sealed_token) == "new"
    assert IndexRun.objects.filter(state=State.QUEUED).count() == 1


def test_secrets_survive_a_new_key_in_front_and_end_with_the_last(settings: Any) -> None:
    sealed = secrets.seal("hush")
    settings.PARE_ENCRYPTION_KEYS = ["new", *settings.PARE_ENCRYPTION_KEYS]
    assert secrets.unseal(sealed) == "hush"
    settings.PARE_ENCRYPTION_KEYS = ["new"]
    with pytest.raises(secrets.SecretUnreadable):
        secrets.unseal(sealed)
    assert secrets.unseal(b"") == ""


def test_an_unreadable_secret_fails_the_run_with_a_sentence(cast: Cast, settings: Any) -> None:
    repository = services.link_repository(team=cast.acme, url=PUBLIC, token="old", actor=cast.olga)
    settings.PARE_ENCRYPTION_KEYS = ["another"]
    run = IndexRun.objects.get(repository=repository)
    indexing.index(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (State.FAILED, "secret_unreadable")


def test_over_the_cap_the_newest_are_paused_and_come_back(
    cast: Cast, tmp_path: Path, link: Callable[..., Repository]
) -> None:
    first = link()
    make_repository(tmp_path / "other", {"a.py": "a = 1\n"})
    second = link(tmp_path / "other")
    change_plan(team=cast.acme, plan="starter", actor=None)
    tasks.settle_pauses()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.paused_at is None and second.paused_at is not None
    with pytest.raises(errors.RepositoryPaused):
        services.request_index(repository=second, actor=cast.olga)
    run = IndexRun.objects.get(repository=second)
    assert indexing.index(run.pk) == indexing.Outcome()
    change_plan(team=cast.acme, plan="pro", actor=None)
    assert pauses.settle(cast.acme) == 1
    second.refresh_from_db()
    assert second.paused_at is None
    assert pauses.settle(cast.acme) == 0


def test_cleaning_up_removes_what_nobody_owns(cast: Cast, indexed: Repository) -> None:
    assert indexed.snapshot is not None
    file = storage.file_of(indexed.snapshot)
    stray = file.with_name("0123-stray.pare")
    stray.write_bytes(b"x")
    assert cleaning.remove_orphans() >= 1 and file.exists() and not stray.exists()
    cast.acme.closed_at = indexed.created_at
    cast.acme.save()
    tasks.clean_up()
    assert not Repository.objects.exists() and not file.exists()
    assert not storage.mirror_of(indexed.public_id).exists()


def test_old_runs_go_and_the_last_stays(indexed: Repository) -> None:
    old = indexed.created_at - timedelta(days=200)
    IndexRun.objects.update(created_at=old)
    IndexRun.objects.create(repository=indexed, trigger="poll", state=State.FAILED, created_at=old)
    tasks.clean_up()
    assert [run.pk for run in IndexRun.objects.all()] == [indexed.latest_run_id]
