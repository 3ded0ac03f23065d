"""Pinning a snapshot from the repository's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from accounts.views.answers import refusals_as_messages
from repos import services
from repos.forms import PinForm
from repos.views.repositories import repository_or_404


@team_view(Right.MANAGE_REPOSITORIES)
@require_POST
def repository_pin(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """Without a snapshot the current one is meant."""
    repository = repository_or_404(request, public_id)
    form = PinForm(request.POST)
    with refusals_as_messages(request):
        if not form.is_valid():
            messages.error(request, "Choose a snapshot out of the list.")
            return redirect(repository)
        pinned = services.pin_snapshot(
            repository=repository,
            public_id=form.cleaned_data["snapshot"],
            pinned=form.cleaned_data["pinned"],
            actor=request.user,
        )
        done = "pinned: index runs will not let it go" if pinned.pinned_at else "unpinned"
        messages.success(request, f"The snapshot of commit {pinned.commit[:12]} was {done}.")
    return redirect(repository)
