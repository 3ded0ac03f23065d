"""The proof on a repository's own history, from an index run to its figures."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from repos import engine, proof, services, storage, tasks
from repos.engine import git
from repos.engine.errors import RepositoryTooLarge
from repos.models import IndexRun, ProofState, ReplayedCommit, Repository, RepositoryProof, Trigger
from repos.proof_report import commit_url, report_of, shares
from tests.conftest import Cast
from tests.engine.git_server import commit_files
from tests.engine.git_server import git as run_git

from .conftest import index, shas, work

pytestmark = pytest.mark.django_db


def test_it_replays_the_commits_that_make_tasks(proven: Repository, past_shop: Path) -> None:
    done = RepositoryProof.objects.get(repository=proven)
    assert (done.state, done.total, done.done, done.note) == (ProofState.DONE, 3, 3, "")
    assert proven.snapshot is not None and done.commit == proven.snapshot.commit
    ids, rows = shas(past_shop), {row.sha: row for row in done.replays.all()}
    cart = rows[ids["Round the total of the cart's prices"]]
    assert cart.hit and cart.judged and cart.files == cart.found == ["shop/cart.py"]
    assert (cart.definitions, cart.definitions_found) == (1, 1)
    assert 0 < cart.tokens <= 8000 and cart.file_tokens and cart.search_tokens
    weather = rows[ids["Say how the weather of tomorrow feels"]]
    assert weather.judged and weather.files == ["shop/tax.py"]
    assert ids["docs: describe the cart"] not in rows


def test_the_first_index_run_does_not_wait_for_the_history(link: Callable[..., Repository], past_shop: Path) -> None:
    repository = index(link(past_shop))
    assert (storage.mirror_of(repository.public_id) / "shallow").exists()
    assert not storage.past_of(repository.public_id).exists()
    work(repository)
    assert (storage.mirror_of(repository.public_id) / "shallow").exists()  # the run's own mirror stays small


def test_the_history_has_a_depth(link: Callable[..., Repository], past_shop: Path, settings: Any) -> None:
    settings.PARE_HISTORY_COMMITS = 3
    repository = index(link(past_shop))
    # Of the last three commits the oldest has lost its parent, and one changes documents alone.
    assert work(repository).total == 1


def test_equal_heads_are_not_replayed_again(proven: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("replayed again")

    monkeypatch.setattr(proof, "replay", forbidden)
    services.request_index(repository=proven, actor=None)
    index(proven)
    assert RepositoryProof.objects.get().state == ProofState.DONE
    assert proof.work(proven.pk) is None


def test_a_push_replays_what_is_new_alone(proven: Repository, past_shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = []
    measure = proof._Turn.measure

    def noted(self: Any, candidate: Any, room: Path) -> Any:
        replayed.append(candidate.id)
        return measure(self, candidate, room)

    monkeypatch.setattr(proof._Turn, "measure", noted)
    tip = commit_files(past_shop, {"shop/cart.py": "class Cart:\n    pass\n"}, "Empty the cart at its end")
    services.request_index(repository=proven, actor=None)
    done = work(index(proven))
    assert replayed == [tip] and (done.total, done.done, done.commit) == (4, 4, tip)


def test_what_a_force_push_took_away_is_forgotten(proven: Repository, past_shop: Path) -> None:
    gone = run_git("rev-parse", "HEAD~1", cwd=past_shop)
    run_git("reset", "--quiet", "--hard", "HEAD~2", cwd=past_shop)
    commit_files(past_shop, {"shop/tax.py": "RATE = 0.21\n"}, "Raise the tax of the cart")
    run_git("reflog", "expire", "--expire=now", "--all", cwd=past_shop)
    run_git("gc", "--quiet", "--prune=now", cwd=past_shop)
    assert ReplayedCommit.objects.filter(sha=gone).exists()
    services.request_index(repository=proven, actor=None)
    done = work(index(proven))
    assert (done.state, done.total) == (ProofState.DONE, 3)
    assert not ReplayedCommit.objects.filter(sha=gone).exists()


def test_a_head_that_vanished_before_its_past_was_read_is_noted(
    link: Callable[..., Repository], past_shop: Path
) -> None:
    repository = index(link(past_shop))
    run_git("reset", "--quiet", "--hard", "HEAD~2", cwd=past_shop)
    run_git("reflog", "expire", "--expire=now", "--all", cwd=past_shop)
    run_git("gc", "--quiet", "--prune=now", cwd=past_shop)
    for _ in range(proof.MAX_ATTEMPTS):
        assert proof.work(repository.pk) is None
    done = RepositoryProof.objects.get()
    assert done.state == ProofState.DONE and "no longer" in done.note
    services.request_index(repository=repository, actor=None)
    assert work(index(repository)).note == ""


def test_one_worker_at_a_time(link: Callable[..., Repository], past_shop: Path) -> None:
    repository = index(link(past_shop))
    assert RepositoryProof.objects.claim(repository.pk) is not None
    assert RepositoryProof.objects.claim(repository.pk) is None
    assert proof.work(repository.pk) is None
    assert ReplayedCommit.objects.count() == 0


def test_it_goes_on_where_a_lost_worker_stopped(
    link: Callable[..., Repository], past_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "TURN_SECONDS", -1.0)
    repository = index(link(past_shop))
    assert RepositoryProof.objects.to_resume(timezone.now()) == []
    lost = RepositoryProof.objects.claim(repository.pk)
    assert lost is not None
    later = timezone.now() + timedelta(minutes=6)
    assert RepositoryProof.objects.to_resume(later) == [repository.pk]
    assert RepositoryProof.objects.to_resume(later) == []
    monkeypatch.setattr(proof, "TURN_SECONDS", 3600.0)
    assert work(repository).done == 3
    assert not RepositoryProof.objects.held(lost).exists()


def test_a_turn_is_short_and_gives_way_to_index_runs(
    link: Callable[..., Repository], past_shop: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = index(link(past_shop))
    other = link(shop)
    for _ in range(proof.MAX_ATTEMPTS + 2):  # however often, that is no fault of the next commit
        assert proof.work(repository.pk) == proof.GIVE_WAY_SECONDS  # a run waits
    assert ReplayedCommit.objects.count() == 0
    index(other)
    monkeypatch.setattr(proof, "TURN_SECONDS", 0.0)
    assert proof.work(repository.pk) == 0.0
    monkeypatch.setattr(proof, "TURN_SECONDS", 3600.0)
    assert work(repository).replays.filter(judged=True).count() == 3


def test_it_works_at_low_priority_and_this_thread_keeps_its_own(
    link: Callable[..., Repository], past_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    niceness, own = [], os.getpriority(os.PRIO_PROCESS, 0)
    build = engine.build_snapshot

    def noted(*arguments: Any, **named: Any) -> Any:
        niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return build(*arguments, **named)

    repository = index(link(past_shop))
    monkeypatch.setattr(engine, "build_snapshot", noted)
    assert work(repository).done == 3
    assert niceness == [max(own, proof.NICE)] * 3
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_it_stops_at_its_time(link: Callable[..., Repository], past_shop: Path, settings: Any) -> None:
    settings.PARE_PROOF_SECONDS = 0
    done = work(index(link(past_shop)))
    assert done.state == ProofState.DONE and done.done == 0 and "Stopped after 0 seconds" in done.note


def test_it_can_be_switched_off(link: Callable[..., Repository], past_shop: Path, settings: Any) -> None:
    settings.PARE_PROOF_COMMITS = 0
    repository = index(link(past_shop))
    assert "switched this measurement off" in work(repository).note
    assert not storage.past_of(repository.public_id).exists()


def test_a_paused_repository_waits(link: Callable[..., Repository], past_shop: Path) -> None:
    repository = index(link(past_shop))
    Repository.objects.update(paused_at=timezone.now())
    assert proof.work(repository.pk) is None
    later = timezone.now() + timedelta(minutes=11)
    assert RepositoryProof.objects.to_resume(later) == []
    Repository.objects.update(paused_at=None)
    assert RepositoryProof.objects.to_resume(later) == [repository.pk]
    assert work(repository).done == 3


@pytest.mark.parametrize("what", ["paused", "unlinked"])
def test_it_stops_in_the_middle(
    link: Callable[..., Repository], past_shop: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    repository = index(link(past_shop))
    record = proof._Turn.record

    def take_away(self: Any, *arguments: Any) -> None:
        record(self, *arguments)
        if what == "paused":
            Repository.objects.update(paused_at=timezone.now())
        else:
            services.unlink_repository(repository=repository, actor=cast.olga)

    monkeypatch.setattr(proof._Turn, "record", take_away)
    assert proof.work(repository.pk) is None
    if what == "paused":
        assert RepositoryProof.objects.get().state == ProofState.WAITING
        assert ReplayedCommit.objects.count() < 3
    else:
        assert not RepositoryProof.objects.exists() and not ReplayedCommit.objects.exists()


def test_unlinking_removes_the_history(proven: Repository, cast: Cast) -> None:
    past = storage.past_of(proven.public_id)
    assert past.exists() and str(proven.public_id) in storage.stored_mirrors()
    services.unlink_repository(repository=proven, actor=cast.olga)
    tasks.remove_repository_files(str(proven.public_id))
    assert not past.exists() and not past.with_name(past.name + ".lock").exists()


def test_a_history_too_large_for_this_server_is_cut(
    link: Callable[..., Repository], past_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = index(link(past_shop))
    depths = []
    fetch = git.fetch

    def small(remote: git.Remote, mirror: Path, *, branch: str, depth: int) -> git.Fetched:
        depths.append(depth)
        if depth > 500:
            raise RepositoryTooLarge("too large")
        return fetch(remote, mirror, branch=branch, depth=depth)

    monkeypatch.setattr(git, "fetch", small)
    assert work(repository).done == 3 and depths == [1000, 100]


def test_a_history_without_tasks_says_so(link: Callable[..., Repository], shop: Path) -> None:
    done = work(index(link(shop)))
    assert done.state == ProofState.DONE and done.total == 0 and "None of the last 1,000 commits" in done.note
    assert report_of(done) is None


def test_another_measure_measures_anew(proven: Repository) -> None:
    ReplayedCommit.objects.update(measure="old", tokens=1)
    RepositoryProof.objects.update(measure="old")
    services.request_index(repository=proven, actor=None)
    done = work(index(proven))
    assert done.done == 3 and not ReplayedCommit.objects.filter(measure="old").exists()


def test_hostile_histories_do_not_stop_it(link: Callable[..., Repository], past_shop: Path) -> None:
    odd = b"shop/caf\xe9 \n.py".decode("utf-8", "surrogateescape")
    commit_files(past_shop, {f"many/f{number}.py": "x = 1\n" for number in range(3000)}, "Vendor the whole wide world")
    commit_files(past_shop, {odd: "def total():\n    return 1\n"}, "Add an odd name to the shop")
    tip = commit_files(past_shop, {odd: "def total():\n    return 2\n"}, "Total \x01 of the odd shop \u202e")
    commit_files(past_shop, {"logo.png": b"\0\1\2"}, "Draw the picture of the shop anew")
    done = work(index(link(past_shop)))
    assert (done.total, done.done) == (4, 4)
    row = ReplayedCommit.objects.get(sha=tip)
    assert row.judged and row.hit and row.subject.startswith("Total ")


def test_a_commit_that_ends_every_worker_is_passed_over(link: Callable[..., Repository], past_shop: Path) -> None:
    repository = index(link(past_shop))
    RepositoryProof.objects.update(attempts=proof.MAX_ATTEMPTS + 1)
    done = work(repository)
    assert done.done == 3 and done.replays.filter(judged=False).count() == 1


def test_what_goes_wrong_without_a_name_is_noted(
    link: Callable[..., Repository], past_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = index(link(past_shop))
    monkeypatch.setattr(proof, "choose", lambda *_, **__: 1 / 0)
    assert "Something went wrong" in work(repository).note


def test_asking_is_idempotent(proven: Repository) -> None:
    ask = RepositoryProof.objects.request
    assert ask(repository=proven, measure="new") is True
    assert ask(repository=proven, measure="new") is False
    proven.delete()
    assert ask(repository=proven, measure="new") is False
    assert IndexRun.objects.filter(trigger=Trigger.LINK).count() == 0


def test_the_report_adds_up(proven: Repository) -> None:
    ReplayedCommit.objects.all().delete()
    done = RepositoryProof.objects.get()
    for number in range(20):
        files = ["a.py", "b.py"]
        found = files if number % 4 else files[: number % 3 > 0]
        ReplayedCommit.objects.create(
            proof=done, sha=f"{number:040x}", measure="m", subject=f"Task {number}", committed_at=timezone.now(),
            judged=number != 19, files=files, found=found, definitions=2, definitions_found=1, tokens=100 * number,
            file_tokens=10, search_tokens=64_000, search_found=number > 2,
        )  # fmt: skip
    report = report_of(done)
    assert report is not None
    assert (report.tasks.found, report.tasks.n, report.not_judged, report.search_lost) == (14, 19, 1, 3)
    assert (report.definitions, report.definitions_found, report.slice_tokens) == (38, 19, 900)
    assert 0 < report.tasks.low < report.tasks.share < report.tasks.high < 1
    assert [len(miss.missing) for miss in report.misses] == [2, 2, 1, 1, 1]
    assert report.more_misses == 0


def test_the_interval_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20, by the score method without continuity correction.
    assert (round(shares(81, 263).low, 4), round(shares(81, 263).high, 4)) == (0.2553, 0.3662)
    assert (round(shares(0, 20).low, 4), round(shares(0, 20).high, 4)) == (0.0, 0.1611)
    assert shares(5, 5).high == 1.0


@pytest.mark.parametrize(
    ("url", "host", "page"),
    [
        ("https://github.com/Acme/shop.git", "github.com", "https://github.com/Acme/shop/commit/abc"),
        ("ssh://git@gitlab.acme.example:2222/a/b/c.git", "gitlab.acme.example",
         "https://gitlab.acme.example/a/b/c/-/commit/abc"),
        ("https://git.acme.example:8443/a/b", "git.acme.example", "https://git.acme.example:8443/a/b/commit/abc"),
        ("ssh://git@bitbucket.org/a/b.git", "bitbucket.org", "https://bitbucket.org/a/b/commits/abc"),
        ("file:///srv/shop", "", ""),
    ],
)  # fmt: skip
def test_commits_have_a_page_at_their_host(url: str, host: str, page: str) -> None:
    assert commit_url(Repository(url=url, host=host), "abc") == page
