"""A change of plan reaches the repositories within seconds, and looking for it stays cheap."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Team
from billing.models import BillingAccount
from billing.services import change_plan
from repos import pauses, tasks
from repos.models import Repository
from tests.billing.rows import fail_payment
from tests.conftest import Cast
from tests.factories import make_team
from tests.repos.test_keeping import active, link

pytestmark = pytest.mark.django_db


def test_a_smaller_plan_is_seen_at_the_next_look_and_a_larger_one_too(cast: Cast) -> None:
    link(cast, "a", "b", "c", "d")
    link(cast, "x", "y", team=cast.rival)
    for plan, left in (("starter", {"a"}), ("pro", {"a", "b", "c"}), ("team", {"a", "b", "c", "d"})):
        change_plan(team=cast.acme, plan=plan, actor=None)
        tasks.settle_changed_plans()
        assert active(cast.acme) == left
    assert active(cast.rival) == {"x", "y"}


def test_a_grace_that_ends_without_a_write_is_seen(cast: Cast) -> None:
    link(cast, "a", "b")
    fail_payment(cast.acme, days_ago=2)
    account = BillingAccount.objects.get(team=cast.acme)
    assert account.valid_until is not None
    long_ago = timezone.now() - timedelta(days=9)
    BillingAccount.objects.filter(pk=account.pk).update(changed_at=long_ago)
    assert pauses.settle_changed(timezone.now()) == 0
    assert active(cast.acme) == {"a", "b"}
    BillingAccount.objects.filter(pk=account.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert pauses.settle_changed(timezone.now()) == 1
    assert active(cast.acme) == {"a"}


def test_a_look_reaches_back_to_the_last_one(cast: Cast) -> None:
    link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    now = timezone.now()
    BillingAccount.objects.for_team(cast.acme).update(changed_at=now - timedelta(minutes=30))
    cache.set(pauses.LOOKED_AT, now - timedelta(minutes=10))
    assert pauses.settle_changed(now) == 0
    cache.set(pauses.LOOKED_AT, now - timedelta(minutes=31))
    assert pauses.settle_changed(now) == 1


def test_a_plan_written_a_moment_before_the_last_look_is_not_missed(cast: Cast) -> None:
    link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    now = timezone.now()
    cache.set(pauses.LOOKED_AT, now)
    BillingAccount.objects.for_team(cast.acme).update(changed_at=now - timedelta(seconds=20))
    assert pauses.settle_changed(now + timedelta(seconds=15)) == 1


def test_the_full_pass_finds_what_no_look_saw(cast: Cast) -> None:
    link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    BillingAccount.objects.update(changed_at=timezone.now() - timedelta(days=9))
    assert pauses.settle_changed(timezone.now()) == 0
    tasks.settle_pauses()
    assert active(cast.acme) == {"a"}
    assert pauses.settle_all(timezone.now()) == 0


def test_a_full_pass_goes_through_all_teams_in_steps(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(pauses, "TEAMS_AT_ONCE", 2)
    over = [_team_over_its_cap(number) for number in range(5)]
    assert pauses.settle_all(timezone.now()) == 5
    assert all(Repository.objects.for_team(team).exclude(paused_at=None).count() == 1 for team in over)
    with django_assert_num_queries(7):  # two for each step, and one that finds no more
        assert pauses.settle_all(timezone.now()) == 0


def test_a_look_costs_one_query_when_no_plan_changed(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    link(cast, "a", "b")
    with django_assert_num_queries(3):  # the counts, the accounts, and no further counts
        assert pauses.settle_changed(timezone.now()) == 0
    BillingAccount.objects.update(changed_at=timezone.now() - timedelta(days=9))
    with django_assert_num_queries(1):
        assert pauses.settle_changed(timezone.now()) == 0


def _team_over_its_cap(number: int) -> Team:
    """On Starter, with two repositories linked; made by rows, because nobody may link the second."""
    team = make_team(f"Over {number}")
    for name in ("a", "b"):
        address = f"git.example.invalid/{team.slug}/{name}"
        Repository.objects.create(team=team, name=name, url=f"https://{address}", identity=address)
    return team
