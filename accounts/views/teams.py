"""Making, naming and deleting a team."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.access import PersonRequest, TeamRequest, holds, team_view
from accounts.forms import CloseTeamForm, TeamForm, TeamNameForm
from accounts.models import Membership
from accounts.roles import Right
from accounts.views.answers import refusals_on


@require_http_methods(["GET", "POST"])
def team_create(request: PersonRequest) -> HttpResponse:
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            team = services.create_team(
                name=form.cleaned_data["name"], slug=form.cleaned_data["slug"], owner=request.user
            )
            messages.success(request, f"The team {team.name} was made.")
            return redirect(team)
    is_first = not request.user.teams().exists()
    return render(request, "accounts/team_create.html", {"form": form, "is_first": is_first}, status=form.status)


@team_view(Right.MANAGE_TEAM)
@require_safe
def team_settings(request: TeamRequest) -> HttpResponse:
    return _settings_page(request, TeamNameForm(initial={"name": request.team.name}))


@team_view(Right.MANAGE_TEAM)
@require_POST
def team_rename(request: TeamRequest) -> HttpResponse:
    form = TeamNameForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            services.rename_team(team=request.team, name=form.cleaned_data["name"], actor=request.user)
            messages.success(request, "The team's name was saved.")
            return redirect("team_settings", request.team.slug)
    return _settings_page(request, form)


@team_view(Right.CLOSE_TEAM)
@require_http_methods(["GET", "POST"])
def team_close(request: TeamRequest) -> HttpResponse:
    form = CloseTeamForm(request.POST if request.method == "POST" else None, team=request.team)
    if form.is_valid():
        with refusals_on(form):
            services.close_team(team=request.team, actor=request.user)
            messages.success(request, f"The team {request.team.name} was deleted. Its API keys stop within 30 seconds.")
            return redirect("home")
    context = {"form": form, "members": Membership.objects.for_team(request.team).count()}
    return render(request, "accounts/team_close.html", context, status=form.status)


def _settings_page(request: TeamRequest, form: TeamNameForm) -> HttpResponse:
    context = {"form": form, "may_close": holds(request.membership, Right.CLOSE_TEAM)}
    return render(request, "accounts/team_settings.html", context, status=form.status)
