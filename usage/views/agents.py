"""Connecting agents: what to paste, and which agents reported."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.access import TeamRequest, holds, team_view
from accounts.models import ApiKey
from accounts.roles import Right
from repos.models import Repository
from usage import reports
from usage.reports import Range

SLICE = """curl -sS {root}{path} \\
  -H "Authorization: Bearer $PARE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"task": "Where is the price of an order worked out?", "budget": 4000}}'"""
USAGE = """curl -sS {root}{path} \\
  -H "Authorization: Bearer $PARE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"events": [{{
    "id": "req_0001",
    "occurred_at": "{now}",
    "agent": "claude-code",
    "model": "claude-opus-4-5",
    "session_id": "session-1",
    "repository": "{repository}",
    "billing": "api",
    "tokens": {{"input_uncached": 1200, "cache_read": 48000, "cache_write_5m": 3000, "output": 650}}
  }}]}}'"""
PROFILE = """export PARE_KEY=pare_..."""


@team_view(Right.SEE_TEAM)
def agents(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    today = now.date()
    repository = Repository.objects.for_team(request.team).order_by("pk").first()
    sight = reports.sight_of_membership(request.membership)
    may_use = holds(request.membership, Right.MANAGE_OWN_KEYS)
    context = {
        "profile": PROFILE,
        "slice_snippet": _slice_snippet(repository) if holds(request.membership, Right.SEE_CODE) else "",
        "usage_snippet": _usage_snippet(repository, f"{now:%Y-%m-%dT%H:%M:%SZ}"),
        "repository": repository,
        "may_use": may_use,
        "keys": ApiKey.objects.for_team(request.team).live().filter(membership=request.membership).count(),
        "reporting": reports.reporting_agents(sight, Range(today - timedelta(days=29), today)),
        "sight": sight,
    }
    return render(request, "usage/agents.html", context)


def _slice_snippet(repository: Repository | None) -> str:
    if repository is None:
        return ""
    return SLICE.format(root=settings.SITE_ROOT, path=reverse("api_repository_slices", args=[repository.public_id]))


def _usage_snippet(repository: Repository | None, now: str) -> str:
    name = repository.name if repository else "acme/shop"
    return USAGE.format(root=settings.SITE_ROOT, path=reverse("api_usage_events"), now=now, repository=name)
