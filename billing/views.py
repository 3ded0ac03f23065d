"""The landing page with its plans, and the billing page of a team."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from billing.caps import use_of
from billing.plans import PLANS
from billing.services import plan_of


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html", {"plans": PLANS})


@require_safe
@team_view(Right.SEE_BILLING)
def billing(request: TeamRequest) -> HttpResponse:
    """The plan, what is used of it, and what the other plans give."""
    plan = plan_of(request.team)
    use = use_of(request.team, plan)
    context = {
        "plan": plan,
        "current": plan.key,
        "use": use,
        "over": [cap for cap in use if cap.over],
        "plans": PLANS,
    }
    return render(request, "billing/billing.html", context)
