"""The audit log of a team."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import AuditEntry
from accounts.roles import Right

ENTRIES_PER_PAGE = 50


@team_view(Right.SEE_AUDIT)
@require_safe
def audit_log(request: TeamRequest) -> HttpResponse:
    if not request.team.audit_log_allowed:
        return render(request, "accounts/audit_not_in_plan.html")
    entries = AuditEntry.objects.for_team(request.team)
    actions = list(entries.order_by("action").values_list("action", flat=True).distinct())
    chosen = request.GET.get("action", "")
    # An action this team has no entry of filters nothing: it can only come from an old or a typed address.
    chosen = chosen if chosen in actions else ""
    shown = entries.filter(action=chosen) if chosen else entries
    page = Paginator(shown.order_by("-at", "-pk"), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "actions": actions, "chosen": chosen}
    return render(request, "accounts/audit_log.html", context)
