"""Before a change of plan: what will happen, when, what it costs, and what will be over the caps."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, holds, team_view
from accounts.models import ApiKey, Team
from accounts.roles import Right
from billing import gateway, services
from billing.caps import CapUse, use_of
from billing.offers import Act, Tag, act_for, is_sold, tag_of
from billing.plans import BY_KEY, Plan
from billing.prices import shown_prices
from billing.standing import Standing, standing_of
from config.errors import DomainError


@dataclass(frozen=True)
class Choice:
    """A plan that somebody looks at before they choose it."""

    plan: Plan
    interval: str
    tag: Tag | None  # None: free
    act: Act | None  # None: the team stands there already
    standing: Standing
    seats: int


@dataclass(frozen=True, slots=True)
class Loss:
    """What a smaller plan will not hold."""

    caps: list[CapUse]
    service_keys: int
    history: str  # "" when reports reach back as far as before

    def __bool__(self) -> bool:
        return bool(self.caps or self.service_keys or self.history)


@require_safe
@team_view(Right.MANAGE_BILLING)
@never_cache
def billing_plan(request: TeamRequest, plan: str, interval: str) -> HttpResponse:
    """Says what the choice does; the button on it does it."""
    choice = _choice(request.team, plan, interval)
    if choice.act is None:
        return redirect("billing", request.team.slug)
    is_less = choice.act in {Act.LATER, Act.CANCEL}
    context = {
        **vars(choice),
        "loss": _loss(request.team, choice.standing, choice.plan) if is_less else None,
        "has_key": gateway.is_configured(),
        "may_choose_repositories": holds(request.membership, Right.MANAGE_REPOSITORIES),
    }
    return render(request, "billing/plan.html", context)


@require_safe
@team_view(Right.MANAGE_BILLING)
@never_cache
def billing_cost(request: TeamRequest, plan: str, interval: str) -> HttpResponse:
    """A part of that page: the cost by Stripe's own reckoning, or the list price when Stripe does not answer."""
    choice = _choice(request.team, plan, interval)
    if choice.tag is None:
        raise Http404
    context = dict(vars(choice))
    try:
        context["preview"] = services.preview(team=request.team, plan=choice.plan.key, interval=interval)
    except DomainError as error:
        context["refusal"] = error.message
    return render(request, "billing/_cost.html", context)


def _choice(team: Team, plan: str, interval: str) -> Choice:
    """Raises Http404 for what is not sold."""
    known = shown_prices()
    if plan not in BY_KEY or not is_sold(plan, interval, known):
        raise Http404
    chosen, standing = BY_KEY[plan], standing_of(team)
    return Choice(
        plan=chosen,
        interval=interval,
        tag=tag_of(chosen, interval, known),
        act=act_for(standing, chosen, interval),
        standing=standing,
        seats=standing.members if chosen.per_member else 1,
    )


def _loss(team: Team, standing: Standing, chosen: Plan) -> Loss:
    before = standing.paid_plan
    keys = ApiKey.objects.for_team(team).live().filter(membership=None).count() if before.service_keys else 0
    return Loss(
        caps=[cap for cap in use_of(team, chosen) if cap.over],
        service_keys=0 if chosen.service_keys else keys,
        history=chosen.history if chosen.history_days < before.history_days else "",
    )
