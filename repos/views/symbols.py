"""The page of one symbol: its definition, and who uses it, what it uses, which tests reach it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from config.errors import DomainError
from repos import services
from repos.addresses import Links
from repos.engine.around import RELATIONS, Neighbours, Relation
from repos.engine.types import Symbol
from repos.services import Address
from repos.services.looking import LINES_SHOWN, NEIGHBOURS_A_PAGE
from repos.views.graph import LONGEST_PATH, number_of
from repos.views.repositories import repository_or_404

TITLES: dict[Relation, str] = {
    "callers": "Called by",
    "callees": "Calls",
    "tests": "Tests that call it",
    "users": "Mentioned by",
    "uses": "Mentions",
    "bases": "Extends",
    "implementations": "Extended by",
    "overrides": "Overrides",
    "overridden_by": "Overridden by",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One relation on the page. `more` is the address of the list by itself when not all fit here."""

    title: str
    found: Neighbours
    rows: list[tuple[str, Any]]
    more: str


@team_view(Right.SEE_CODE)
@never_cache
@require_safe
def repository_symbol(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """By `path` and `name`, and `line` among several of that name. `of` shows one relation alone, `page` by page."""
    repository = repository_or_404(request, public_id)
    line = request.GET.get("line", "")
    address = Address(
        request.GET.get("path", "")[:LONGEST_PATH], request.GET.get("name", "")[:LONGEST_PATH],
        number_of(request, "line") if line else 0,
    )  # fmt: skip
    only = next((one for one in RELATIONS if one == request.GET.get("of")), None)
    page, links = number_of(request, "page"), Links(repository)
    context = {"repository": repository, "address": address, "page": page, "looked": None, "refusal": None}
    try:
        looked = services.look_at_symbol(repository=repository, address=address, page=page, only=only)
    except DomainError as error:
        return render(request, "repos/repository_symbol.html", {**context, "refusal": error})
    symbol = looked.symbol
    if symbol is None:
        found = [(_url(links, other), other) for other in looked.others]
        context |= {"others": found, "looked": looked}
        return render(request, "repos/repository_symbol.html", context, status=404)
    here = _url(links, symbol)
    context |= {
        "looked": looked, "symbol": symbol, "only": only, "url": here, "file_url": links.level(symbol.path),
        "lines": list(enumerate(looked.lines, looked.first_line)),
        "relations": [_listed(one, links, here, alone=bool(only)) for one in looked.relations],
        "members": [(_url(links, one), one) for one in looked.members],
        "commits": [] if only else services.recent_commits(repository, symbol.path),
        "tests": [(_url(links, one.symbol), one) for one in looked.reaching],
        "before": f"{here}&{_query(only, page - 1)}" if page > 1 else "",
        "after": f"{here}&{_query(only, page + 1)}" if _has_more(looked, page, only) else "",
    }  # fmt: skip
    return render(request, "repos/repository_symbol.html", context)


def _has_more(looked: services.Looked, page: int, only: Relation | None) -> bool:
    if only:
        return looked.relations[0].total > page * NEIGHBOURS_A_PAGE
    assert looked.symbol is not None
    return looked.symbol.end - looked.symbol.start >= page * LINES_SHOWN


def _query(only: Relation | None, page: int) -> str:
    return f"of={only}&page={page}" if only else f"page={page}"


def _listed(found: Neighbours, links: Links, here: str, *, alone: bool) -> Listed:
    rows = [(_url(links, one.symbol) if one.symbol else links.level(one.path), one) for one in found.items]
    more = "" if alone or len(rows) == found.total else f"{here}&of={found.relation}"
    return Listed(TITLES[found.relation], found, rows, more)


def _url(links: Links, symbol: Symbol) -> str:
    return links.symbol(symbol.path, symbol.qualified, symbol.start)
