"""The people of the demonstration fit into the plan that it sets."""

import pytest

from accounts import api_keys
from accounts.models import Membership, Team
from accounts.services import members_in_use
from billing.services import plan_of
from repos.services import repositories_in_use
from usage.management.commands.demo import PEOPLE, TEAM_SLUG, make_people

pytestmark = pytest.mark.django_db


def test_they_have_seats_by_the_operators_word_and_keys_by_their_role() -> None:
    keys = make_people("correct horse battery")
    team = Team.objects.get(slug=TEAM_SLUG)
    plan = plan_of(team)
    assert (plan.key, plan.members, team.member_cap) == ("team", 5, 5)
    assert Membership.objects.for_team(team).count() == len(PEOPLE)
    assert members_in_use(team) == len([role for *_, role in PEOPLE if role != "billing"]) <= 5
    assert repositories_in_use(team) == 0
    assert len(keys) == members_in_use(team)
    assert all(api_keys.authenticate(text) for text in keys.values())
