"""Where a log-in leads, and the person's own page."""

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import PersonRequest, last_team_key
from accounts.forms import ProfileForm
from accounts.views.invitations import pending_invitation


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """To a waiting invitation, else to the team used last (or the first by name), else to "name your team"."""
    if pending_invitation(request):
        return redirect("invitation_offer")
    teams = list(request.user.teams()[:200])
    if not teams:
        return redirect("team_create")
    last = cache.get(last_team_key(request.user.pk))
    return redirect(next((team for team in teams if team.slug == last), teams[0]))


@require_http_methods(["GET", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your name was saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form}, status=400 if form.errors else 200)
