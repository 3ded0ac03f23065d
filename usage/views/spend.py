"""The spend board and its export."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.access import TeamRequest, team_view
from accounts.models import Team
from accounts.roles import Right
from config.errors import DomainError, error_response
from usage import board, exports, reports
from usage.board import Measure
from usage.reports import BadRange, Range

QUICK = ((7, "7 days"), (30, "30 days"), (90, "90 days"))


def asked_range(team: Team, query: QueryDict, today: date) -> Range:
    """The range that the address names: `month=2026-11`, or `from` and `to`, or `days=30`; the current month without.

    Raises BadRange, HistoryNotInPlan.
    """
    if text := query.get("month"):
        start = _day(f"{text}-01")
        end = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return reports.range_of(team, start=start, end=min(end, max(start, today)), today=today)
    if text := query.get("days"):
        if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) < 10_000):
            raise BadRange(f"{text[:20]!r} is not a number of days.")
        return reports.range_of(team, start=today - timedelta(days=int(text[:5]) - 1), end=today, today=today)
    first, last = query.get("from"), query.get("to")
    return reports.range_of(team, start=_day(first) if first else None, end=_day(last) if last else None, today=today)


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not date(2000, 1, 1) <= day <= date(2200, 1, 1):
        raise BadRange(f"{text[:20]!r} is not a day. Write days like 2026-11-01 and months like 2026-11.")
    return day


def _measure(query: QueryDict) -> Measure | None:
    text = query.get("show", "")
    return Measure(text) if text in set(Measure) else None


@team_view(Right.SEE_OWN_SPEND)
def spend(request: TeamRequest) -> HttpResponse:
    today = timezone.now().date()
    problem = None
    try:
        span = asked_range(request.team, request.GET, today)
    except DomainError as error:
        problem = error
        span = reports.range_of(request.team, start=None, end=None, today=today)
    sight = reports.sight_of_membership(request.membership)
    built = board.build(sight, span, _measure(request.GET), today=today)
    context = {
        "board": built,
        "problem": problem,
        "months": _months(reports.history_start(request.team, today), today),
        "month": request.GET.get("month", "") if problem is None else "",
        "quick": QUICK,
        "days": request.GET.get("days", ""),
        "measures": list(Measure),
        "export_query": _export_query(span),
        "kinds": reports.kinds_in(built.totals),
    }
    return render(request, "usage/spend.html", context, status=200 if problem is None else problem.status)


def _months(oldest: date, today: date) -> list[tuple[str, str]]:
    """(2026-11, November 2026) for every month that the plan shows, newest first."""
    month, found = today.replace(day=1), []
    while month >= oldest.replace(day=1):
        found.append((f"{month:%Y-%m}", f"{month:%B %Y}"))
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _export_query(span: Range) -> str:
    return f"from={span.start}&to={span.end}"


@team_view(Right.SEE_OWN_SPEND)
def spend_csv(request: TeamRequest) -> HttpResponseBase:
    today = timezone.now().date()
    try:
        span = asked_range(request.team, request.GET, today)
    except DomainError as error:
        return error_response(error)
    sight = reports.sight_of_membership(request.membership)
    name = f"spend-{request.team.slug}-{span.start}-{span.end}.csv"
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(exports.lines(sight, span), content_type="text/csv; charset=utf-8", headers=headers)
