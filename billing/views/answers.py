"""How billing pages answer."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import Team


class SeeOther(HttpResponseRedirect):
    """After a POST: look there with a GET, at Stripe's pages too."""

    status_code = 303


def to_billing(team: Team) -> SeeOther:
    return SeeOther(reverse("billing", args=[team.slug]))


def browser_to(url: str) -> HttpResponse:
    """For a request of htmx: the whole page goes there, not only the fragment that asked."""
    return HttpResponse(status=204, headers={"HX-Redirect": url})
