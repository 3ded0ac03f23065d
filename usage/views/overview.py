"""The team's first page: four figures, thirty days, what needs somebody, and the set-up checklist."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, holds, team_view
from accounts.roles import Right
from billing.services import plan_of
from repos.models import Repository, SliceRecord
from usage import board, checklist, reports, services
from usage.board import Measure
from usage.reports import GroupBy, Range


@team_view(Right.SEE_TEAM)
def overview(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    today = now.date()
    sight = reports.sight_of_membership(request.membership)
    month = reports.range_of(request.team, start=today.replace(day=1), end=today, today=today)
    totals = reports.totals(sight, month)
    steps = checklist.steps_for(request.membership)
    repositories = Repository.objects.for_team(request.team)
    context = {
        "totals": totals,
        "kinds": [(kind, getattr(totals, kind.name)) for kind in reports.kinds_in(totals)],
        "classes": reports.token_classes(totals),
        "sight": sight,
        "slices": SliceRecord.objects.for_team(request.team).in_month_of(now).count(),
        "slice_cap": plan_of(request.team).slices_per_month,
        "repositories": repositories.count(),
        "indexed": repositories.exclude(snapshot=None).count(),
        "recent": _thirty_days(sight, Range(today - timedelta(days=29), today)),
        "needs": checklist.needs_of(request.membership, today),
        "steps": [step for step in steps if not step.skipped],
        "setting_up": any(not (step.done or step.skipped) for step in steps),
        "skipped": sum(step.skipped and not step.done for step in steps),
        "may_link": holds(request.membership, Right.MANAGE_REPOSITORIES),
    }
    return render(request, "usage/overview.html", context)


def _thirty_days(sight: reports.Sight, span: Range) -> board.TimeTable | None:
    """The chart and table of the last thirty days by model; None when there was nothing."""
    models = reports.grouped(sight, span, GroupBy.MODEL)
    if not models:
        return None
    measure = Measure.LIST_PRICE if any(model.figures.list_price for model in models) else Measure.TOKENS
    colors = board.colors_of(models, measure)
    cells = reports.by_day_and_model(sight, span, colors)
    return board.time_table(cells, span, measure, colors, today=span.end)


@require_POST
@team_view(Right.SEE_TEAM)
def setup_skip(request: TeamRequest, step: str) -> HttpResponse:
    if step not in checklist.BY_SLUG:
        raise Http404
    services.skip_step(membership=request.membership, step=step)
    return redirect("overview", request.team.slug)


@require_POST
@team_view(Right.SEE_TEAM)
def setup_show(request: TeamRequest) -> HttpResponse:
    services.show_skipped_steps(membership=request.membership)
    return redirect("overview", request.team.slug)
