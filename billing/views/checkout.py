"""Coming back from Stripe's payment page. Its word to us may be there already, come in a second, or be lost."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from accounts.views.answers import refusals_as_messages
from billing import services
from billing.models import Checkout, CheckoutState, Subscription
from billing.plans import BY_KEY
from billing.views.answers import SeeOther, browser_to, to_billing
from config.errors import DomainError

# The page asks every two seconds, for two minutes.
MOST_ASKED = 60


@require_safe
@team_view(Right.MANAGE_BILLING)
@never_cache
def billing_return(request: TeamRequest) -> HttpResponse:
    """Only looks: what Stripe says is fetched by the POST that this page makes."""
    checkout = _checkout_or_404(request, request.GET.get("session_id", ""))
    if checkout.state == CheckoutState.EXPIRED:
        return redirect("billing", request.team.slug)
    return render(request, "billing/return.html", _waiting(checkout, asked=0))


@require_POST
@team_view(Right.MANAGE_BILLING)
def billing_refresh(request: TeamRequest) -> HttpResponse:
    """Asks Stripe how things stand: for a payment that was just made, or for all of the team's account."""
    session = request.POST.get("session_id", "")
    if session:
        return _ask_of(request, _checkout_or_404(request, session))
    with refusals_as_messages(request):
        services.refresh(request.team)
        messages.success(request, "Brought up to date with Stripe.")
    return to_billing(request.team)


def _ask_of(request: TeamRequest, checkout: Checkout) -> HttpResponse:
    """On to the billing page once the payment is known; else back to the page that waits, or its part for htmx."""
    is_polled, refusal = "HX-Request" in request.headers, ""
    try:
        checkout = services.confirm_checkout(team=request.team, session_id=str(checkout.stripe_id))
    except DomainError as error:
        refusal = error.message
    if _is_over(request, checkout):
        billing = to_billing(request.team)
        return browser_to(billing.url) if is_polled else billing
    if is_polled:
        context = {**_waiting(checkout, asked=_asked(request) + 1), "refusal": refusal}
        return render(request, "billing/_waiting.html", context)
    if refusal:
        messages.error(request, refusal)
    return SeeOther(f"{reverse('billing_return', args=[request.team.slug])}?session_id={checkout.stripe_id}")


def _is_over(request: TeamRequest, checkout: Checkout) -> bool:
    """Whether there is nothing to wait for; then the next page says how it ended."""
    if checkout.state == CheckoutState.EXPIRED:
        messages.info(request, "The payment page has ended, and nothing was paid.")
        return True
    subscription = Subscription.objects.for_team(request.team).live().first()
    if checkout.state == CheckoutState.COMPLETE and subscription:
        messages.success(request, f"You are on {BY_KEY[subscription.plan].name}.")
        return True
    return False


def _checkout_or_404(request: TeamRequest, session: str) -> Checkout:
    if not session or "\0" in session:  # PostgreSQL takes no text with a NUL in it
        raise Http404
    return get_object_or_404(Checkout.objects.for_team(request.team), stripe_id=session)


def _asked(request: TeamRequest) -> int:
    given = request.POST.get("asked", "")
    return int(given) if given.isdecimal() and len(given) < 4 else MOST_ASKED


def _waiting(checkout: Checkout, *, asked: int) -> dict[str, object]:
    return {"checkout": checkout, "asked": asked, "asks_on": asked < MOST_ASKED, "plan": BY_KEY[checkout.plan]}
