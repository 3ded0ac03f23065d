"""API keys: the list, making one, revoking one."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.access import TeamRequest, holds, team_view
from accounts.forms import KeyForm
from accounts.models import ApiKey
from accounts.roles import Right, Scope
from accounts.views.answers import refusals_as_messages, refusals_on

KEYS_PER_PAGE = 50


@team_view(Right.MANAGE_OWN_KEYS)
@require_safe
def api_keys(request: TeamRequest) -> HttpResponse:
    keys = services.keys_seen_by(request.membership).live_first()
    context = {
        "page_obj": Paginator(keys, KEYS_PER_PAGE).get_page(request.GET.get("page")),
        "sees_all": holds(request.membership, Right.MANAGE_SERVICE_KEYS),
    }
    return render(request, "accounts/api_keys.html", context)


@team_view(Right.MANAGE_OWN_KEYS)
@never_cache
@require_http_methods(["GET", "POST"])
def api_key_create(request: TeamRequest) -> HttpResponse:
    """Answers a POST with the key itself, once: a redirect would have to store it somewhere."""
    form = KeyForm(request.POST if request.method == "POST" else None, membership=request.membership)
    if form.is_valid():
        with refusals_on(form):
            key, text = services.create_key(
                team=request.team,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                service=form.cleaned_data["kind"] == KeyForm.SERVICE,
                expires_at=form.cleaned_data["expires_at"],
                actor=request.user,
            )
            return render(request, "accounts/api_key_created.html", {"key": key, "text": text, "try_it": try_it(key)})
    sees_service = holds(request.membership, Right.MANAGE_SERVICE_KEYS)
    context = {"form": form, "no_service_keys": sees_service and not request.team.service_keys_allowed}
    return render(request, "accounts/api_key_create.html", context, status=form.status)


@team_view(Right.MANAGE_OWN_KEYS)
@require_POST
def api_key_revoke(request: TeamRequest, public_id: UUID) -> HttpResponse:
    key = get_object_or_404(services.keys_seen_by(request.membership).select_related("team"), public_id=public_id)
    with refusals_as_messages(request):
        services.revoke_key(key=key, actor=request.user)
        messages.success(request, f"The key {key.name} was revoked. It stops working within 30 seconds.")
    return redirect("api_keys", request.team.slug)


def try_it(key: ApiKey) -> str:
    """A command that shows the key at work, on a route its scopes open; the key itself is in the environment."""
    header = '-H "Authorization: Bearer $PARE_KEY"'
    if Scope.CONTEXT_READ in key.scopes:
        return f"curl {header} {settings.SITE_ROOT}/api/v1/repositories"
    if Scope.SPEND_READ in key.scopes:
        return f"curl {header} {settings.SITE_ROOT}/api/v1/team"
    return ""
