"""What one member more or less costs: a part of the pages on which members come and go."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from billing import services
from billing.standing import standing_of
from config.errors import DomainError


@require_safe
@team_view(Right.SEE_BILLING)
@never_cache
def billing_seat_preview(request: TeamRequest) -> HttpResponse:
    """By Stripe's own reckoning where seats are paid through it; else how many members the plan has room for.

    With `?less=1`: what one member less gives back; nothing where seats are not paid for.
    """
    standing, is_less = standing_of(request.team), request.GET.get("less") == "1"
    account = standing.account
    context: dict[str, object] = {"standing": standing, "cap": standing.plan.members}
    if standing.subscription and account and account.seats_follow_members:
        try:
            context["preview"] = services.preview_seat(request.team, more=-1 if is_less else 1)
        except DomainError as error:
            context["refusal"] = error.message
    return render(request, "billing/_seat_less.html" if is_less else "billing/_seat.html", context)
