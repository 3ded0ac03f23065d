"""A team chooses which repositories stay active under a plan with too few places."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.models import AuditEntry, Team
from billing.services import change_plan
from config.errors import Forbidden, NotFound
from repos import pauses, services
from repos.errors import NotLinked, TooManyKept
from repos.models import Repository
from tests.billing.rows import fail_payment, subscribe
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/repositories/keep/"
LIST = "/t/acme/repositories/"


@pytest.fixture
def olga(cast: Cast) -> Client:
    return cast.client(cast.olga)


def link(cast: Cast, *names: str, team: Team | None = None) -> list[Repository]:
    """Linked in this order; the names are those of the repositories."""
    team = team or cast.acme
    owner = cast.olga if team == cast.acme else cast.mallory
    url = "https://git.example.invalid/"
    return [services.link_repository(team=team, url=f"{url}{team.slug}/{name}", actor=owner) for name in names]


def active(team: Team) -> set[str]:
    names = Repository.objects.for_team(team).filter(paused_at=None).values_list("name", flat=True)
    return {name.split("/")[-1] for name in names}


def choose(cast: Cast, *chosen: Repository) -> None:
    services.choose_kept(team=cast.acme, chosen=[one.public_id for one in chosen], actor=cast.olga)


def ids(*chosen: Repository) -> dict[str, list[str]]:
    return {"repositories": [str(one.public_id) for one in chosen]}


def audited(team: Team) -> list[dict[str, Any]]:
    entries = AuditEntry.objects.for_team(team).filter(action="repository.kept_chosen").order_by("at")
    return list(entries.values_list("details", flat=True))


def test_the_chosen_one_stays_and_the_choice_holds_at_once(cast: Cast, olga: Client) -> None:
    _, _, third = link(cast, "a", "b", "c")
    change_plan(team=cast.acme, plan="starter", actor=None)
    pauses.settle(cast.acme)
    assert active(cast.acme) == {"a"}
    assertRedirects(olga.post(PAGE, ids(third)), LIST)
    assert active(cast.acme) == {"c"}
    assert audited(cast.acme) == [{"count": 1, "kept": ["acme/c"]}]
    actions = AuditEntry.objects.for_team(cast.acme).values_list("action", "target")
    assert ("repository.resumed", third.identity) in actions


def test_a_choice_before_the_change_waits_for_it(cast: Cast, olga: Client) -> None:
    ends = timezone.now() + timedelta(days=12)
    subscription = subscribe(cast.acme, cancel_at=ends)
    _, second, _ = link(cast, "a", "b", "c")
    page = olga.get(PAGE)
    assertContains(page, f"{ends:%-d %B %Y}")
    assertContains(page, "Up to 1 of 3 stays active")
    answer = olga.post(PAGE, ids(second), follow=True)
    assertContains(answer, f"It holds from {ends:%-d %B %Y} on, when the plan becomes Starter.")
    assert active(cast.acme) == {"a", "b", "c"}
    subscription.delete()
    change_plan(team=cast.acme, plan="starter", actor=None)
    pauses.settle(cast.acme)
    assert active(cast.acme) == {"b"}


def test_a_grace_that_runs_is_a_change_ahead(cast: Cast, olga: Client) -> None:
    fail_payment(cast.acme, days_ago=2)
    link(cast, "a", "b")
    assertContains(olga.get(PAGE), "Up to 1 of 2 stays active")


def test_it_can_be_chosen_before_the_change_is_made(cast: Cast, olga: Client) -> None:
    _, second, third = link(cast, "a", "b", "c")
    page = olga.get(f"{PAGE}?plan=starter")
    assertContains(page, "This is for a change to Starter, which nobody has made yet. It has 1 place")
    assert olga.post(f"{PAGE}?plan=starter", ids(second, third)).status_code == 402
    answer = olga.post(f"{PAGE}?plan=starter", ids(third), follow=True)
    assertContains(answer, "It holds when the plan becomes Starter.")
    assert active(cast.acme) == {"a", "b", "c"}
    change_plan(team=cast.acme, plan="starter", actor=None)
    pauses.settle(cast.acme)
    assert active(cast.acme) == {"c"}


@pytest.mark.parametrize("plan", ["", "team", "gold", "pro\x00", "x" * 5000])
def test_a_plan_that_is_none_or_not_smaller_is_not_asked_for(cast: Cast, olga: Client, plan: str) -> None:
    link(cast, "a", "b")
    assertContains(olga.get(PAGE, {"plan": plan}), "There is nothing to choose. The plan is Team")


def test_over_the_present_plan_the_present_one_counts(cast: Cast, olga: Client) -> None:
    link(cast, "a", "b", "c", "d", "e")
    change_plan(team=cast.acme, plan="pro", actor=None)
    assertContains(olga.get(f"{PAGE}?plan=starter"), "Up to 3 of 5 stay active")


def test_the_choice_can_be_changed_later(cast: Cast, olga: Client) -> None:
    first, second = link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    for one, name in ((second, "b"), (first, "a")):
        olga.post(PAGE, ids(one))
        assert active(cast.acme) == {name}
    olga.post(PAGE, ids(first))  # the same again notes nothing
    assert len(audited(cast.acme)) == 2


def test_places_that_are_left_go_to_those_linked_first(cast: Cast) -> None:
    *_, last = link(cast, "a", "b", "c", "d", "e")
    change_plan(team=cast.acme, plan="pro", actor=None)
    choose(cast, last)
    assert active(cast.acme) == {"a", "b", "e"}
    choose(cast)
    assert active(cast.acme) == {"a", "b", "c"}


def test_the_earliest_choice_stays_when_the_plan_becomes_smaller_still(cast: Cast) -> None:
    _, second, _, fourth = link(cast, "a", "b", "c", "d")
    change_plan(team=cast.acme, plan="pro", actor=None)
    choose(cast, fourth)
    choose(cast, second, fourth)
    change_plan(team=cast.acme, plan="starter", actor=None)
    pauses.settle(cast.acme)
    assert active(cast.acme) == {"d"}


def test_unlinking_an_active_one_gives_its_place_away_at_once(cast: Cast) -> None:
    first, _, third = link(cast, "a", "b", "c")
    change_plan(team=cast.acme, plan="starter", actor=None)
    choose(cast, third)
    services.unlink_repository(repository=third, actor=cast.olga)
    assert active(cast.acme) == {"a"}
    services.unlink_repository(repository=first, actor=cast.olga)
    assert active(cast.acme) == {"b"}


def test_too_many_are_refused_at_the_field_and_stay_ticked(cast: Cast, olga: Client) -> None:
    first, second = link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    answer = olga.post(PAGE, ids(first, second))
    assertContains(answer, "Starter has room for 1 repository. Choose no more than that.", status_code=402)
    assert answer.context["form"].errors["repositories"]
    assert answer.content.count(b" checked") == 2
    with pytest.raises(TooManyKept):
        choose(cast, first, second)
    assert not Repository.objects.exclude(kept_at=None).exists() and audited(cast.acme) == []


def test_the_same_one_twice_counts_once(cast: Cast, olga: Client) -> None:
    first, second = link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    assert olga.post(PAGE, ids(second, second)).status_code == 302
    assert active(cast.acme) == {"b"}
    assert first.kept_at is None


@pytest.mark.parametrize("given", ["", "x", "\x00", "0", "x" * 10_000, str(uuid.uuid4())])
def test_what_is_no_repository_is_refused_and_nothing_written(cast: Cast, olga: Client, given: str) -> None:
    mine, _ = link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    answer = olga.post(PAGE, {"repositories": [given, str(mine.public_id)]})
    assert answer.status_code == 400
    assertContains(answer, NotLinked.message, status_code=400)
    assert not Repository.objects.exclude(kept_at=None).exists() and audited(cast.acme) == []


def test_another_teams_is_refused_as_unknown(cast: Cast, olga: Client) -> None:
    link(cast, "a", "b")
    (theirs,) = link(cast, "z", team=cast.rival)
    change_plan(team=cast.acme, plan="starter", actor=None)
    answer = olga.post(PAGE, ids(theirs))
    assertContains(answer, NotLinked.message, status_code=400)
    assertNotContains(answer, "rival/z", status_code=400)
    with pytest.raises(NotLinked):
        choose(cast, theirs)
    theirs.refresh_from_db()
    assert (theirs.kept_at, theirs.paused_at) == (None, None)


def test_who_may_not_manage_repositories_does_not_choose(cast: Cast) -> None:
    first, _ = link(cast, "a", "b")
    for user in (cast.mei, cast.vic):
        assert cast.client(user).post(PAGE, ids(first)).status_code == 403
        with pytest.raises(Forbidden):
            services.choose_kept(team=cast.acme, chosen=[first.public_id], actor=user)
    with pytest.raises(NotFound):
        services.choose_kept(team=cast.acme, chosen=[first.public_id], actor=cast.mallory)


def test_before_a_choice_the_page_ticks_what_would_stay(cast: Cast, olga: Client) -> None:
    first, *_ = link(cast, "c", "b", "a")
    change_plan(team=cast.acme, plan="starter", actor=None)
    page = olga.get(PAGE)
    assertContains(page, f'value="{first.public_id}" checked')
    assert page.content.count(b" checked") == 1


def test_with_room_for_all_there_is_nothing_to_choose(cast: Cast, olga: Client) -> None:
    link(cast, "a", "b")
    assertContains(olga.get(PAGE), "There is nothing to choose.")
    change_plan(team=cast.acme, plan="pro", actor=None)
    page = olga.get(PAGE)
    assertContains(page, "3 places for repositories; the team has linked 2")
    assertNotContains(page, "Save choice")


def test_the_way_to_the_page_is_shown_to_those_who_may(cast: Cast, olga: Client) -> None:
    _, second = link(cast, "a", "b")
    assertNotContains(olga.get(LIST), PAGE)
    change_plan(team=cast.acme, plan="starter", actor=None)
    pauses.settle(cast.acme)
    one = f"{LIST}{second.public_id}/"
    for address in (LIST, one):
        assertContains(olga.get(address), PAGE)
        assertNotContains(cast.client(cast.mei).get(address), PAGE)


def test_the_api_says_what_is_paused_and_what_was_chosen(cast: Cast, olga: Client) -> None:
    first, second = link(cast, "a", "b")
    change_plan(team=cast.acme, plan="starter", actor=None)
    choose(cast, second)
    told = {one["id"]: one for one in olga.get("/api/v1/repositories").json()["results"]}
    assert (told[str(first.public_id)]["status"], told[str(first.public_id)]["kept_at"]) == ("paused", None)
    assert told[str(first.public_id)]["paused_at"] is not None
    assert told[str(second.public_id)]["paused_at"] is None
    assert told[str(second.public_id)]["kept_at"] is not None


def test_the_page_costs_the_same_queries_however_long_it_is(
    cast: Cast, olga: Client, django_assert_max_num_queries: Any
) -> None:
    link(cast, *(f"r{number}" for number in range(12)))
    change_plan(team=cast.acme, plan="starter", actor=None)
    olga.get(PAGE)
    with django_assert_max_num_queries(7):
        olga.get(PAGE)


@pytest.mark.django_db(transaction=True)
def test_two_choices_at_once_leave_one_of_them_whole(cast: Cast) -> None:
    first, second, third = link(cast, "a", "b", "c")
    change_plan(team=cast.acme, plan="starter", actor=None)

    def act(one: Repository) -> None:
        try:
            choose(cast, one)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, (second, third)))
    (kept,) = Repository.objects.exclude(kept_at=None)
    assert kept.pk in (second.pk, third.pk)
    assert active(cast.acme) == {kept.name.split("/")[-1]}
    assert first.pk != kept.pk
