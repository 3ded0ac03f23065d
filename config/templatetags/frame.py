"""Template tags of the page frame: links that know whether they are where the reader is."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()


def _team_url(context: template.Context, route: str) -> str | None:
    team = getattr(context.get("request"), "team", None)
    try:
        return reverse(route, args=[team.slug]) if team else reverse(route)
    except NoReverseMatch:
        return None


def _is_inside(path: str, url: str, *, exact: bool) -> bool:
    return path == url if exact else path.startswith(url)


@register.inclusion_tag("_nav_item.html", takes_context=True)
def nav_item(context: template.Context, route: str, label: str, icon: str, *also: str) -> dict[str, Any]:
    """One entry of the left column. `also` names further routes whose pages belong under this entry.

    A route that does not exist leaves no entry, so that the frame never breaks a page.
    """
    url = _team_url(context, route)
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
    """One tab; takes the team's slug when the page belongs to a team."""
    url = _team_url(context, route)
    path = context["request"].path if "request" in context else ""
    return {"url": url, "label": label, "here": bool(url) and path.startswith(str(url)), "exact": path == url}
