"""Pages of linked repositories: list, link, look, follow a run, index again, unlink."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, holds, team_view
from accounts.roles import Right
from accounts.views.answers import refusals_as_messages, refusals_on
from billing.plans import has_room_for_one_more, is_within
from billing.services import plan_of
from repos import services
from repos.forms import LinkForm, TokenForm, UnlinkForm
from repos.models import Auth, IndexRun, Repository
from repos.secrets import SecretUnreadable
from repos.views.pictures import root_picture
from repos.views.proof import proof_context

REPOSITORIES_PER_PAGE = 50
RUNS_SHOWN = 10


def repository_or_404(request: TeamRequest, public_id: UUID) -> Repository:
    return get_object_or_404(Repository.objects.for_team(request.team).with_state(), public_id=public_id)


@team_view(Right.SEE_CODE)
@require_safe
def repository_list(request: TeamRequest) -> HttpResponse:
    repositories = Repository.objects.for_team(request.team).with_state().defer("snapshot__statistics")
    plan = plan_of(request.team)
    page = Paginator(repositories, REPOSITORIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "may_manage": holds(request.membership, Right.MANAGE_REPOSITORIES),
        "plan": plan,
        "is_full": not has_room_for_one_more(page.paginator.count, plan.repositories),
        "is_over": not is_within(page.paginator.count, plan.repositories),
    }
    return render(request, "repos/repository_list.html", context)


@team_view(Right.MANAGE_REPOSITORIES)
@require_http_methods(["GET", "POST"])
def repository_link(request: TeamRequest) -> HttpResponse:
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            repository = services.link_repository(team=request.team, actor=request.user, **form.cleaned_data)
            messages.success(request, f"{repository.name} was linked. Its first index run is queued.")
            return redirect(repository)
    return render(request, "repos/repository_link.html", {"form": form}, status=form.status)


@team_view(Right.SEE_CODE)
@never_cache
@require_safe
def repository(request: TeamRequest, public_id: UUID) -> HttpResponse:
    found = repository_or_404(request, public_id)
    may_manage = holds(request.membership, Right.MANAGE_REPOSITORIES)
    context = {
        "repository": found,
        "run": found.latest_run,
        "snapshot": found.snapshot,
        "picture": root_picture(found),
        "runs": IndexRun.objects.for_team(request.team).filter(repository=found).order_by("-pk")[:RUNS_SHOWN],
        "snapshots": services.kept_snapshots(found).defer("statistics", "coverage"),
        "may_manage": may_manage,
        "webhook": _webhook(found) if may_manage else None,
        "uses_key": found.auth == Auth.DEPLOY_KEY,
        "uses_token": found.auth == Auth.TOKEN,
        **proof_context(found),
    }
    return render(request, "repos/repository.html", context)


def _webhook(found: Repository) -> dict[str, str]:
    """Address and secret to enter at the host; without a secret when this server can no longer read it."""
    address = settings.SITE_ROOT + reverse("git_webhook", args=[found.public_id])
    try:
        return {"url": address, "secret": found.webhook_secret}
    except SecretUnreadable:
        return {"url": address, "secret": ""}


@team_view(Right.SEE_CODE)
@never_cache
@require_safe
def repository_progress(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """The state of the last run, for the page to poll; when the run has ended, the page is told to load anew."""
    found = repository_or_404(request, public_id)
    may_manage = holds(request.membership, Right.MANAGE_REPOSITORIES)
    context = {"repository": found, "run": found.latest_run, "may_manage": may_manage}
    response = render(request, "repos/_run.html", context)
    if not found.is_live:
        response["HX-Refresh"] = "true"
    return response


@team_view(Right.MANAGE_REPOSITORIES)
@require_POST
def repository_reindex(request: TeamRequest, public_id: UUID) -> HttpResponse:
    found = repository_or_404(request, public_id)
    with refusals_as_messages(request):
        services.request_index(repository=found, actor=request.user)
        messages.success(request, "An index run is queued.")
    return redirect(found)


@team_view(Right.MANAGE_REPOSITORIES)
@require_http_methods(["GET", "POST"])
def repository_token(request: TeamRequest, public_id: UUID) -> HttpResponse:
    found = repository_or_404(request, public_id)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            services.change_token(repository=found, token=form.cleaned_data["token"], actor=request.user)
            messages.success(request, "The new access token was stored. An index run with it is queued.")
            return redirect(found)
    return render(request, "repos/repository_token.html", {"repository": found, "form": form}, status=form.status)


@team_view(Right.MANAGE_REPOSITORIES)
@require_http_methods(["GET", "POST"])
def repository_unlink(request: TeamRequest, public_id: UUID) -> HttpResponse:
    found = repository_or_404(request, public_id)
    form = UnlinkForm(request.POST if request.method == "POST" else None, repository=found)
    if form.is_valid():
        with refusals_on(form):
            services.unlink_repository(repository=found, actor=request.user)
            messages.success(request, f"{found.name} was unlinked. Its mirror, snapshots and runs are deleted.")
            return redirect("repository_list", request.team.slug)
    return render(request, "repos/repository_unlink.html", {"repository": found, "form": form}, status=form.status)
