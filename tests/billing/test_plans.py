"""A team's plan, and the facts it leaves on the team."""

from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import api_keys
from accounts.models import AuditEntry
from accounts.roles import Scope
from accounts.services import create_key
from accounts.services.errors import ServiceKeysNotInPlan
from billing.plans import PLANS, has_room_for_one_more, is_within
from billing.services import BadSeats, UnknownPlan, change_plan, plan_of
from tests.conftest import Cast
from tests.factories import make_api_key, make_team
from tests.races import together

pytestmark = pytest.mark.django_db


def test_a_new_team_is_on_starter() -> None:
    team = make_team()
    plan = plan_of(team)
    assert (plan.key, plan.repositories, plan.members, plan.slices_per_month) == ("starter", 1, 1, 500)
    assert team.member_cap == 1


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_changing_the_plan_writes_what_the_team_enforces(cast: Cast, plan: object) -> None:
    change_plan(team=cast.acme, plan=plan.key, seats=7, actor=cast.olga)  # type: ignore[attr-defined]
    cast.acme.refresh_from_db()
    now = plan_of(cast.acme)
    assert now.key == plan.key  # type: ignore[attr-defined]
    assert cast.acme.member_cap == now.members == (7 if now.per_member else 1)
    assert cast.acme.service_keys_allowed == now.service_keys
    assert cast.acme.audit_log_allowed == now.audit_log


def test_it_is_written_to_the_audit_trail(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="pro", actor=cast.olga)
    entry = AuditEntry.objects.for_team(cast.acme).filter(action="plan.changed").latest("at")
    assert entry.actor == cast.olga
    assert entry.details["before"] == {"plan": "team", "seats": 5, "source": "operator"}


def test_unknown_plans_and_seats_below_one_are_refused(cast: Cast) -> None:
    with pytest.raises(UnknownPlan):
        change_plan(team=cast.acme, plan="gold", actor=None)
    with pytest.raises(BadSeats):
        change_plan(team=cast.acme, plan="team", seats=0, actor=None)
    assert plan_of(cast.acme).members == 5


def test_the_command_sets_a_plan(cast: Cast) -> None:
    out = StringIO()
    call_command("set_plan", "acme", "pro", stdout=out)
    assert "Acme is on Pro" in out.getvalue()
    assert plan_of(cast.acme).repositories == 3
    with pytest.raises(CommandError, match="no team 'nobody'"):
        call_command("set_plan", "nobody", "pro")


def test_one_more_and_within_differ_by_one() -> None:
    assert has_room_for_one_more(2, 3) and not has_room_for_one_more(3, 3)
    assert is_within(3, 3) and not is_within(4, 3)
    assert has_room_for_one_more(10**9, None) and is_within(10**9, None)


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_leave_one_whole_plan() -> None:
    team = make_team()
    together(*[partial(change_plan, team=team, plan=plan, seats=3, actor=None) for plan in ("pro", "team")])
    team.refresh_from_db()
    plan = plan_of(team)
    assert (team.member_cap, team.service_keys_allowed) == (plan.members, plan.service_keys)
    assert AuditEntry.objects.for_team(team).filter(action="plan.changed").count() == 2


def test_service_keys_outlive_a_smaller_plan(cast: Cast) -> None:
    _, text = make_api_key(cast.acme)
    change_plan(team=cast.acme, plan="starter", actor=None)
    assert api_keys.authenticate(text) is not None
    cast.acme.refresh_from_db()
    with pytest.raises(ServiceKeysNotInPlan):
        create_key(team=cast.acme, name="another", scopes=[Scope.USAGE_WRITE], service=True, actor=cast.olga)
