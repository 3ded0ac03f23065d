"""Template tags of the page frame: links that know whether they are where the reader is."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone

from accounts.access import holds
from accounts.roles import Right

register = template.Library()

# The first that a user agent names wins: most browsers name the ones they descend from as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def _team_url(context: template.Context, route: str) -> str | None:
    team = getattr(context.get("request"), "team", None)
    try:
        return reverse(route, args=[team.slug]) if team else reverse(route)
    except NoReverseMatch:
        return None


def _open_url(context: template.Context, route: str) -> str | None:
    """The address of a page, unless the role of whoever reads this one does not allow it."""
    url = _team_url(context, route)
    membership = getattr(context.get("request"), "membership", None)
    right = getattr(resolve(url).func, "team_right", None) if url and membership else None
    return None if right and membership and not holds(membership, right) else url


def _is_inside(path: str, url: str, *, exact: bool) -> bool:
    return path == url if exact else path.startswith(url)


@register.inclusion_tag("_nav_item.html", takes_context=True)
def nav_item(context: template.Context, route: str, label: str, icon: str, *also: str) -> dict[str, Any]:
    """One entry of the left column. `also` names further routes whose pages belong under this entry.

    A route that does not exist leaves no entry, so that the frame never breaks a page; nor does one that the reader's
    role may not open.
    """
    url = _open_url(context, route)
    path = context["request"].path if "request" in context else ""
    urls = [found for name in also if (found := _team_url(context, name))]
    inside = bool(url) and _is_inside(path, str(url), exact=route == "overview")
    return {
        "url": url,
        "label": label,
        "icon": icon,
        "here": inside or any(_is_inside(path, other, exact=False) for other in urls),
        "exact": path == url,
    }


@register.inclusion_tag("_tab_item.html", takes_context=True)
def tab_item(context: template.Context, route: str, label: str) -> dict[str, Any]:
    """One tab; takes the team's slug when the page belongs to a team. None for a page the reader may not open."""
    url = _open_url(context, route)
    path = context["request"].path if "request" in context else ""
    return {"url": url, "label": label, "here": bool(url) and path.startswith(str(url)), "exact": path == url}


@register.inclusion_tag("_payment_banner.html", takes_context=True)
def payment_banner(context: template.Context) -> dict[str, Any]:
    """Says on every page of a team that a payment failed, to those who can mend it. Costs no query."""
    request: Any = context.get("request")
    team, membership = getattr(request, "team", None), getattr(request, "membership", None)
    until, url = team.payment_grace_until if team else None, _team_url(context, "billing")
    if until is None or membership is None or not holds(membership, Right.MANAGE_BILLING) or request.path == url:
        return {"until": None}
    return {"until": until, "is_over": until <= timezone.now(), "url": url}


@register.simple_tag
def no_mail_server() -> bool:
    """Whether mail goes to the log: then whoever started Pare has to be told where to look."""
    return not settings.EMAIL_HOST


@register.filter
def browser_name(user_agent: str) -> str:
    """`Chrome on Linux` for a user agent; its first 40 characters when neither part is known."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(part for part in (browser, system) if part) or user_agent[:40] or "Unknown browser"
