"""From a linked repository to a snapshot, and every way not to get there."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from billing.services import change_plan
from repos import engine, indexing, retention, services, storage
from repos.engine import errors as engine_errors
from repos.engine import git
from repos.models import IndexRun, Repository, Snapshot, State
from tests.conftest import Cast
from tests.engine.git_server import commit_files, make_repository

pytestmark = pytest.mark.django_db


def run_again(repository: Repository, trigger: str = "manual") -> IndexRun:
    run = services.request_index(repository=repository, actor=None, trigger=trigger)
    indexing.index(run.pk)
    run.refresh_from_db()
    return run


def test_it_indexes_a_linked_repository(indexed: Repository) -> None:
    run, snapshot = indexed.latest_run, indexed.snapshot
    assert run is not None and snapshot is not None
    assert (run.state, run.error, run.commit) == (State.SUCCEEDED, "", snapshot.commit)
    assert snapshot.symbols >= 4 and snapshot.edges >= 1
    assert indexed.default_branch == snapshot.branch == "main" and indexed.status == "ready"
    assert snapshot.coverage["seen"] == 4 and snapshot.coverage["parsed"] == 3
    assert snapshot.coverage["skipped"] == {"binary": 1} or snapshot.coverage["skipped"] == {"not_source": 1}
    assert {language["language"] for language in snapshot.statistics["languages"]} == {"python", "typescript"}
    assert storage.open_snapshot(snapshot).commit == snapshot.commit


@pytest.mark.django_db(transaction=True)  # old files go on commit
def test_a_new_commit_makes_a_new_snapshot_and_old_ones_go(indexed: Repository, shop: Path) -> None:
    for number in range(3):
        tip = commit_files(shop, {f"new{number}.py": f"def new{number}():\n    return 1\n"})
        assert run_again(indexed).commit == tip
    fresh = Repository.objects.with_state().get(pk=indexed.pk)
    assert fresh.snapshot is not None and fresh.snapshot.commit == tip
    kept = Snapshot.objects.filter(repository=indexed)
    assert kept.count() == retention.KEPT_OF_BRANCH
    folder = storage.file_of(fresh.snapshot).parent
    assert {f"{indexed.public_id}/{file.name}" for file in folder.iterdir()} == {one.storage_name for one in kept}
    assert services.find_symbols(repository=fresh, query="new2")[0].path == "new2.py"


def test_a_push_without_news_builds_nothing(indexed: Repository) -> None:
    run = run_again(indexed, "push")
    assert run.state == State.SUCCEEDED
    assert Snapshot.objects.filter(repository=indexed).count() == 1
    assert run_again(indexed).state == State.SUCCEEDED  # by hand it is built anew
    assert Snapshot.objects.filter(repository=indexed).count() == 2


def test_a_push_gives_what_a_build_from_nothing_gives(
    indexed: Repository, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[Path | None] = []
    real = engine.build_snapshot

    def spy(*args: Any, **options: Any) -> Any:
        bases.append(options["base"])
        return real(*args, **options)

    monkeypatch.setattr(engine, "build_snapshot", spy)
    before = indexed.snapshot
    commit_files(shop, {"added.py": "from shop import cart\n\n\ndef added():\n    return cart\n"})
    assert run_again(indexed, "push").state == State.SUCCEEDED
    pushed = Snapshot.objects.filter(repository=indexed).latest("pk")
    assert run_again(indexed).state == State.SUCCEEDED
    anew = Snapshot.objects.filter(repository=indexed).latest("pk")
    assert before is not None and bases == [storage.file_of(before), None]
    assert pushed.pk != anew.pk and (pushed.digest, pushed.commit) == (anew.digest, anew.commit)
    assert pushed.digest != before.digest


def test_a_push_on_a_snapshot_that_is_lost_builds_anew(indexed: Repository, shop: Path) -> None:
    assert indexed.snapshot is not None
    storage.remove_snapshot(indexed.snapshot.storage_name)
    tip = commit_files(shop, {"added.py": "def added(): pass\n"})
    assert run_again(indexed, "push").commit == tip


def test_another_branch_can_be_followed(cast: Cast, shop: Path) -> None:
    from tests.engine.git_server import git as git_command

    git_command("switch", "--quiet", "-c", "next", cwd=shop)
    tip = commit_files(shop, {"next.py": "n = 1\n"})
    git_command("switch", "--quiet", "main", cwd=shop)
    repository = services.link_repository(team=cast.acme, url=str(shop), branch="next", actor=cast.olga)
    assert run_again(repository).commit == tip


def test_a_host_that_is_not_there_ends_in_a_sentence(cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url="https://git.example.invalid/a/b", actor=cast.olga)
    run = run_again(repository)
    assert (run.state, run.error_code) == (State.FAILED, "host_unknown")
    assert "git.example.invalid could not be found" in run.error
    repository.refresh_from_db()
    assert Repository.objects.with_state().get(pk=repository.pk).status == "failed"


def test_a_repository_that_went_away_keeps_its_old_snapshot(indexed: Repository, shop: Path) -> None:
    shop.rename(shop.with_name("moved"))
    run = run_again(indexed)
    assert (run.state, run.error_code) == (State.FAILED, "repository_not_found")
    fresh = Repository.objects.with_state().get(pk=indexed.pk)
    assert services.find_symbols(repository=fresh, query="Cart")


def test_an_empty_repository_says_so(link: Callable[..., Repository], tmp_path: Path) -> None:
    from tests.engine.git_server import git as git_command

    git_command("init", "--quiet", "empty", cwd=tmp_path)
    assert run_again(link(tmp_path / "empty")).error_code == "repository_empty"


def test_over_the_plans_symbols_it_is_refused(cast: Cast, tmp_path: Path, link: Callable[..., Repository]) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    many = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(2600))
    make_repository(tmp_path / "big", {f"m{number}.py": many for number in range(4)})
    repository = link(tmp_path / "big")
    run = run_again(repository)
    assert (run.state, run.error_code) == (State.FAILED, "symbol_cap_reached")
    assert "Starter" in run.error and "10,000" in run.error and run.commit
    assert not Snapshot.objects.exists()
    assert not storage.stored_snapshots(repository.public_id)


@pytest.mark.parametrize("attempt", [1, 4])
def test_a_timeout_is_tried_again_but_not_for_ever(
    link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    def slow(*args: Any, **rest: Any) -> git.Fetched:
        raise engine_errors.GitTimeout("It took too long. It will be tried again.")

    monkeypatch.setattr(git, "fetch", slow)
    repository = link()
    run = IndexRun.objects.get(repository=repository)
    IndexRun.objects.update(attempts=attempt - 1)
    outcome = indexing.index(run.pk)
    run.refresh_from_db()
    if attempt == 1:
        assert outcome.retry_in == 15
        assert (run.state, run.error_code, run.attempts) == (State.QUEUED, "git_timeout", 1)
    else:
        assert outcome.retry_in is None and run.state == State.FAILED
        assert "tried again" not in run.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ZeroDivisionError("secret detail"), "internal_error"),
        (SoftTimeLimitExceeded(), "index_timeout"),
        (OSError(errno.ENOSPC, "secret detail", "folder"), "disk_full"),
        (OSError(errno.EIO, "secret detail", "folder"), "internal_error"),
    ],
)
def test_a_bug_of_ours_and_a_time_limit_are_sentences_too(
    link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def broken(*args: Any, **rest: Any) -> git.Fetched:
        raise error

    monkeypatch.setattr(git, "fetch", broken)
    repository = link()
    run = IndexRun.objects.get(repository=repository)
    indexing.index(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (State.FAILED, code)
    assert "secret detail" not in run.error and run.error.endswith(".")


def test_hostile_contents_do_not_fail_the_run(link: Callable[..., Repository], tmp_path: Path) -> None:
    import os

    folder = tmp_path / "hostile"
    make_repository(
        folder,
        {
            "deep.py": "(" * 50_000 + ")" * 50_000,
            "bytes.py": bytes(range(256)) * 30,
            "long.js": "var a=" + "1+" * 200_000 + "1",
            "caf\udce9.py": "def caf():\n    return 1\n",
            "a.py": "def a():\n    return b()\n",
            "empty.py": "",
        },
    )
    os.symlink("/etc/passwd", folder / "out.py")
    commit_files(folder, {})
    repository = link(folder)
    run = run_again(repository)
    assert (run.state, run.error) == (State.SUCCEEDED, "")
    fresh = Repository.objects.with_state().get(pk=repository.pk)
    assert fresh.snapshot is not None and fresh.snapshot.coverage["skipped"]["symlink"] == 1
    assert fresh.snapshot.coverage["seen"] == 7
