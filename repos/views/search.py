"""One box for the whole team: repositories, members, symbols."""

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, holds, team_view
from accounts.models import Membership
from accounts.roles import Right
from config.errors import DomainError
from repos import services
from repos.engine.types import Symbol
from repos.models import Repository

LONGEST_QUERY = 200
ROWS = 10  # of each kind
REPOSITORIES_SEARCHED = 20  # each costs opening a snapshot, so that one page cannot cost more than this


@dataclass(frozen=True)
class SymbolHits:
    repository: Repository
    symbols: list[Symbol]


@team_view(Right.SEE_TEAM)
@require_safe
def search(request: TeamRequest) -> HttpResponse:
    """What the reader may see of what fits: code only with the right to it."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    context = {"search_query": query, "repositories": [], "members": [], "hits": [], "searched": 0}
    if query:
        context["members"] = _members(request, query)
        if holds(request.membership, Right.SEE_CODE):
            context["repositories"] = _repositories(request, query)
            searchable = _searchable(request)
            context["searched"] = len(searchable)
            context["hits"] = [hits for one in searchable if (hits := _symbols(one, query)).symbols]
    return render(request, "repos/search.html", context)


def _members(request: TeamRequest, query: str) -> list[Membership]:
    fits = Q(user__name__icontains=query) | Q(user__email__icontains=query)
    members = Membership.objects.for_team(request.team).filter(fits).select_related("user")
    return list(members.order_by("user__email")[:ROWS])


def _repositories(request: TeamRequest, query: str) -> list[Repository]:
    fits = Q(name__icontains=query) | Q(url__icontains=query)
    return list(Repository.objects.for_team(request.team).with_state().filter(fits)[:ROWS])


def _searchable(request: TeamRequest) -> list[Repository]:
    """Those with an index to look into, the freshest first."""
    indexed = Repository.objects.for_team(request.team).for_serving().filter(paused_at=None, snapshot__isnull=False)
    return list(indexed.order_by("-snapshot__pk")[:REPOSITORIES_SEARCHED])


def _symbols(repository: Repository, query: str) -> SymbolHits:
    try:
        return SymbolHits(repository, services.find_symbols(repository=repository, query=query, limit=ROWS))
    except DomainError:  # its index is being made again: the others still answer
        return SymbolHits(repository, [])
