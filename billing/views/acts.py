"""What people do about the plan. Each fetches what is named, calls one verb, and leads back to the billing page."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from accounts.views.answers import refusals_as_messages
from billing import services
from billing.models import Subscription
from billing.plans import STARTER
from billing.views.answers import SeeOther, to_billing


@require_POST
@team_view(Right.MANAGE_BILLING)
def billing_change(request: TeamRequest) -> HttpResponse:
    """To Stripe's payment page for a first subscription; else the change is sent to Stripe by the worker."""
    plan, interval = request.POST.get("plan", ""), request.POST.get("interval", "")
    with refusals_as_messages(request):
        if plan != STARTER.key and not Subscription.objects.for_team(request.team).live().exists():
            url = services.open_checkout(team=request.team, plan=plan, interval=interval, actor=request.user)
            return SeeOther(url)
        services.change_subscription(team=request.team, plan=plan, interval=interval, actor=request.user)
    return to_billing(request.team)


@require_POST
@team_view(Right.MANAGE_BILLING)
def billing_resume(request: TeamRequest) -> HttpResponse:
    with refusals_as_messages(request):
        services.resume(team=request.team, actor=request.user)
    return to_billing(request.team)


@require_POST
@team_view(Right.MANAGE_BILLING)
def billing_pay(request: TeamRequest) -> HttpResponse:
    """Tries the failed payment again, with the card on file."""
    with refusals_as_messages(request):
        services.retry_payment(team=request.team, actor=request.user)
    return to_billing(request.team)


@require_POST
@team_view(Right.MANAGE_BILLING)
def billing_portal(request: TeamRequest) -> HttpResponse:
    """To Stripe's page for card, address, VAT id and invoices; with `card`, straight to the card."""
    back = f"{settings.SITE_ROOT}{reverse('billing', args=[request.team.slug])}"  # never what a Host header says
    with refusals_as_messages(request):
        fix_card = request.POST.get("card") == "1"
        url = services.portal_url(team=request.team, actor=request.user, fix_card=fix_card, return_url=back)
        return SeeOther(url)
    return to_billing(request.team)
