"""The page on which a team chooses the repositories that stay active under a plan with too few places for all."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from accounts.views.answers import refusals_on
from repos import services
from repos.forms import KeepForm
from repos.models import Repository


@dataclass(frozen=True, slots=True)
class KeepRow:
    """A line of the page; `is_chosen` is whether its box is ticked."""

    repository: Repository
    is_chosen: bool


@team_view(Right.MANAGE_REPOSITORIES)
@require_http_methods(["GET", "POST"])
def repository_keep(request: TeamRequest) -> HttpResponse:
    """`?plan=starter` asks what a change to that plan would leave room for, before anybody has decided on it."""
    under = request.GET.get("plan", "")
    linked = list(Repository.objects.for_team(request.team).with_state().in_order_of_places())
    form = KeepForm(request.POST if request.method == "POST" else None, linked=linked)
    if form.is_valid():
        with refusals_on(form):
            chosen = form.cleaned_data["repositories"]
            places = services.choose_kept(team=request.team, chosen=chosen, actor=request.user, under=under)
            messages.success(request, _saved(places))
            return redirect("repository_list", request.team.slug)
    places = services.places_of(request.team, len(linked), under)
    context = {
        "form": form,
        "places": places,
        "linked": len(linked),
        "is_needed": places.cap is not None and len(linked) > places.cap,
        "rows": _rows(linked, form, places),
    }
    return render(request, "repos/repository_keep.html", context, status=form.status)


def _saved(places: services.Places) -> str:
    if places.holds:
        return "The choice was saved and holds now."
    if places.at is None:
        return f"The choice was saved. It holds when the plan becomes {places.plan.name}."
    return f"The choice was saved. It holds from {places.at:%-d %B %Y} on, when the plan becomes {places.plan.name}."


def _rows(linked: list[Repository], form: KeepForm, places: services.Places) -> list[KeepRow]:
    """By name. Ticked is what was sent, and before that what would stay active without another choice."""
    would_stay = [str(one.public_id) for one in linked[: places.cap]]
    ticked = set(form["repositories"].value() if form.is_bound else would_stay)
    rows = [KeepRow(one, str(one.public_id) in ticked) for one in linked]
    return sorted(rows, key=lambda row: (row.repository.name, row.repository.pk))
