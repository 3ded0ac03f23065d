"""The way of an invited person: the link in the mail, sign-up or log-in where needed, then the offer."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import services
from accounts.access import PersonRequest
from accounts.models import Invitation, Membership, User
from accounts.services.errors import AlreadyMember, InvitationNotOpen
from config.errors import DomainError, NotFound

# The session holds the invitation's public id, put there by whoever showed its token; never the token.
SESSION_KEY = "invitation"


def pending_invitation(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link this browser opened."""
    public_id = request.session.get(SESSION_KEY)
    if public_id is None:
        return None
    found = Invitation.objects.open().filter(public_id=public_id, team__closed_at=None)
    return found.select_related("team", "invited_by").first()


@login_not_required
@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. It leads on to an address without the token, so that the token stays out of histories."""
    found = services.invitation_of(token)
    if found is None or not found.is_open:
        return _ended(request, found)
    request.session[SESSION_KEY] = str(found.public_id)
    return redirect("invitation_offer")


@login_not_required
@never_cache
@require_safe
def invitation_offer(request: HttpRequest) -> HttpResponse:
    return _offer(request)


@never_cache
@require_POST
def invitation_accept(request: PersonRequest) -> HttpResponse:
    found = pending_invitation(request)
    if found is None:
        return _ended(request, None)
    try:
        membership = services.accept_invitation(invitation=found, user=request.user)
    except AlreadyMember:
        return redirect(found.team)
    except (InvitationNotOpen, NotFound):
        return _ended(request, None)
    except DomainError as error:
        return _offer(request, refusal=error)
    del request.session[SESSION_KEY]
    messages.success(request, f"You are a member of {found.team.name} now, with the role {membership.role}.")
    return redirect(found.team)


@require_POST
def invitation_later(request: PersonRequest) -> HttpResponse:
    """Puts the offer aside for this session; the link in the mail brings it back."""
    request.session.pop(SESSION_KEY, None)
    return redirect("home")


def _offer(request: HttpRequest, refusal: DomainError | None = None) -> HttpResponse:
    found = pending_invitation(request)
    if found is None:
        return _ended(request, None)
    context = {"invitation": found, "refusal": refusal, "is_theirs": True}
    if isinstance(request.user, User):
        context["is_theirs"] = services.has_verified(request.user, found.email)
        context["is_member"] = Membership.objects.for_team(found.team).filter(user=request.user).exists()
    return render(request, "accounts/invitation_offer.html", context, status=refusal.status if refusal else 200)


def _ended(request: HttpRequest, found: Invitation | None) -> HttpResponse:
    """Says why a link does not work; who holds a token of ours may know what became of it."""
    request.session.pop(SESSION_KEY, None)
    return render(request, "accounts/invitation_ended.html", {"invitation": found}, status=410 if found else 404)
