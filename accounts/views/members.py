"""The members of a team, and the invitations that wait."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.access import TeamRequest, holds, team_view
from accounts.forms import InviteForm, RoleForm
from accounts.models import ApiKey, Invitation, Membership
from accounts.roles import Right, Role
from accounts.views.answers import refusals_as_messages, refusals_on

MEMBERS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A line of the list; `may_change` is whether the reader may give this member another role or remove them."""

    membership: Membership
    is_reader: bool
    may_change: bool


@team_view(Right.SEE_TEAM)
@require_safe
def team_members(request: TeamRequest) -> HttpResponse:
    members = Membership.objects.for_team(request.team).select_related("user").order_by("created_at", "pk")
    page = Paginator(members, MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    roles = services.roles_to_give(request.membership) if holds(request.membership, Right.MANAGE_MEMBERS) else []
    in_use = services.members_in_use(request.team)
    context = {
        "page_obj": page,
        "rows": [MemberRow(m, m.pk == request.membership.pk, m.role in roles) for m in page],
        "roles": roles,
        "invitations": _waiting(request) if roles else [],
        "in_use": in_use,
        "cap": request.team.member_cap,
        "is_full": request.team.is_full_with(in_use),
        "sees_price": bool(roles) and holds(request.membership, Right.SEE_BILLING),
    }
    return render(request, "accounts/team_members.html", context)


@team_view(Right.MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_invite(request: TeamRequest) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None, membership=request.membership)
    if form.is_valid():
        with refusals_on(form):
            invitation = services.invite(
                team=request.team, email=form.cleaned_data["email"], role=form.cleaned_data["role"], actor=request.user
            )
            messages.success(request, f"An invitation is on its way to {invitation.email}.")
            return redirect("team_members", request.team.slug)
    context = {
        "form": form,
        "is_full": request.team.is_full_with(services.members_in_use(request.team)),
        "sees_price": holds(request.membership, Right.SEE_BILLING),
    }
    return render(request, "accounts/member_invite.html", context, status=form.status)


@team_view(Right.MANAGE_MEMBERS)
@require_POST
def member_role(request: TeamRequest, public_id: UUID) -> HttpResponse:
    membership = _member(request, public_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Choose one of the roles: {', '.join(Role.labels).lower()}.")
        return redirect("team_members", request.team.slug)
    with refusals_as_messages(request):
        services.change_role(membership=membership, role=form.cleaned_data["role"], actor=request.user)
        label = form.cleaned_data["role"].label.lower()
        messages.success(request, f"{membership.user.label} has the role {label} now.")
    return redirect("team_members", request.team.slug)


@team_view(Right.MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_remove(request: TeamRequest, public_id: UUID) -> HttpResponse:
    membership = _member(request, public_id)
    if request.method == "POST":
        with refusals_as_messages(request):
            keys = services.remove_member(membership=membership, actor=request.user)
            messages.success(request, f"{membership.user.label} was removed. {keys_ended(keys)}")
        return redirect("team_members", request.team.slug)
    context = {
        "membership": membership,
        "keys": _live_keys(request, membership),
        "frees_seat": membership.role != Role.BILLING,
        "sees_price": holds(request.membership, Right.SEE_BILLING),
    }
    return render(request, "accounts/member_remove.html", context)


@team_view(Right.SEE_TEAM)
@require_http_methods(["GET", "POST"])
def team_leave(request: TeamRequest) -> HttpResponse:
    if request.method == "POST":
        with refusals_as_messages(request):
            keys = services.leave_team(membership=request.membership)
            messages.success(request, f"You left the team {request.team.name}. {keys_ended(keys)}")
            return redirect("home")
        return redirect("team_leave", request.team.slug)
    context = {"keys": _live_keys(request, request.membership)}
    return render(request, "accounts/team_leave.html", context)


@team_view(Right.MANAGE_MEMBERS)
@require_POST
def invitation_resend(request: TeamRequest, public_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.for_team(request.team), public_id=public_id)
    with refusals_as_messages(request):
        services.resend_invitation(invitation=invitation, actor=request.user)
        messages.success(request, f"A new link is on its way to {invitation.email}. The earlier one stops working.")
    return redirect("team_members", request.team.slug)


@team_view(Right.MANAGE_MEMBERS)
@require_POST
def invitation_revoke(request: TeamRequest, public_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.for_team(request.team), public_id=public_id)
    with refusals_as_messages(request):
        services.revoke_invitation(invitation=invitation, actor=request.user)
        messages.success(request, f"The invitation of {invitation.email} was revoked.")
    return redirect("team_members", request.team.slug)


def keys_ended(count: int) -> str:
    """What happened to the personal keys of somebody who is gone."""
    if count == 0:
        return "No API key ended with it."
    keys = "1 personal API key" if count == 1 else f"{count} personal API keys"
    return f"{keys} ended with it and stop{'s' if count == 1 else ''} working within 30 seconds."


def _member(request: TeamRequest, public_id: UUID) -> Membership:
    members = Membership.objects.for_team(request.team).select_related("user", "team")
    return get_object_or_404(members, public_id=public_id)


def _live_keys(request: TeamRequest, membership: Membership) -> list[ApiKey]:
    return list(ApiKey.objects.for_team(request.team).live().filter(membership=membership).order_by("name", "pk"))


def _waiting(request: TeamRequest) -> list[Invitation]:
    """Neither accepted nor revoked, those that ran out too: they can be sent again."""
    waiting = Invitation.objects.for_team(request.team).filter(accepted_at=None, revoked_at=None)
    return list(waiting.select_related("invited_by").order_by("-created_at", "-pk")[:200])
