"""The audit log: what it shows, to whom, and on which plan."""

import pytest
from django.db import DatabaseError, transaction

from accounts import api_keys, audit
from accounts.models import AuditEntry, Membership
from accounts.roles import Role
from accounts.services import change_role
from billing.services import change_plan
from tests.conftest import Cast
from tests.factories import make_api_key


def test_acts_are_listed_newest_first_in_plain_words(cast: Cast) -> None:
    change_role(membership=Membership.objects.for_team(cast.acme).get(user=cast.mei), role=Role.ADMIN, actor=cast.olga)
    audit.record(team=cast.rival, actor=cast.mallory, action="team.renamed", target="Secret name")
    page = cast.client(cast.adam).get("/t/acme/audit/").content.decode()
    assert page.index("Member role changed") < page.index("Plan changed")
    for text in ("olga@acme.example", "mei@acme.example", "from member to admin"):
        assert text in page
    assert "Secret name" not in page


def test_one_act_can_be_picked(cast: Cast) -> None:
    audit.record(team=cast.acme, actor=cast.olga, action="api_key.created", target="laptop")
    client = cast.client(cast.olga)
    page = client.get("/t/acme/audit/", {"action": "api_key.created"})
    assert [entry.target for entry in page.context["page_obj"]] == ["laptop"]
    assert "API key created" in page.content.decode()


@pytest.mark.parametrize(
    "query", ["action=x", "action=%00", "action=" + "a" * 5000, "page=-1", "page=%00", "page=99999999"]
)
def test_an_odd_query_shows_the_log(cast: Cast, query: str) -> None:
    answer = cast.client(cast.olga).get(f"/t/acme/audit/?{query}")
    assert answer.status_code == 200
    assert len(answer.context["page_obj"]) == 1


def test_it_comes_in_pages(cast: Cast) -> None:
    for number in range(60):
        audit.record(team=cast.acme, actor=None, action="test.noted", target=f"number {number:02}")
    client = cast.client(cast.olga)
    first = client.get("/t/acme/audit/?action=test.noted").content.decode()
    assert "number 59" in first
    assert "number 09" not in first
    assert "1–50 of 60" in first
    assert "action=test.noted&amp;page=2" in first
    assert "number 09" in client.get("/t/acme/audit/?action=test.noted&page=2").content.decode()


def test_without_the_plan_it_names_the_plan(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=cast.olga)
    page = cast.client(cast.olga).get("/t/acme/audit/").content.decode()
    assert "The audit log is part of the Team plan" in page
    assert "Plan changed" not in page


def test_members_and_billing_do_not_read_it(cast: Cast) -> None:
    for person in (cast.mei, cast.vic):
        assert cast.client(person).get("/t/acme/audit/").status_code == 403


def test_hostile_text_is_shown_as_text(cast: Cast) -> None:
    audit.record(team=cast.acme, actor=cast.olga, action="x.y", target="<script>1</script>", details={"<b>": ["<i>"]})
    page = cast.client(cast.olga).get("/t/acme/audit/").content.decode()
    assert "<script>1" not in page
    assert "<i>" not in page


def test_an_act_that_fails_leaves_no_entry(cast: Cast) -> None:
    mei = Membership.objects.for_team(cast.acme).get(user=cast.mei)
    with pytest.raises(DatabaseError), transaction.atomic():
        change_role(membership=mei, role=Role.ADMIN, actor=cast.olga)
        raise DatabaseError
    page = cast.client(cast.olga).get("/t/acme/audit/").content.decode()
    assert "Member role changed" not in page


def test_an_act_through_the_api_names_its_key(cast: Cast) -> None:
    key, text = make_api_key(cast.acme, name="ci")
    principal = api_keys.authenticate(text)
    audit.record(team=cast.acme, actor=principal, action="repository.linked", target="shop")
    entry = AuditEntry.objects.for_team(cast.acme).get(action="repository.linked")
    assert (entry.actor, entry.actor_label) == (None, f"key ci (pare_{key.key_id})")
