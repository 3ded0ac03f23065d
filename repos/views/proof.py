"""The proof on a repository's own history, as a part of its page."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from repos.engine.replay import BUDGET, CAP
from repos.models import Repository, RepositoryProof
from repos.proof_report import report_of


def proof_context(repository: Repository) -> dict[str, Any]:
    """What `_proof.html` shows."""
    found = RepositoryProof.objects.for_team(repository.team_id).filter(repository=repository)
    proof = found.select_related("repository").first()
    return {"proof": proof, "report": report_of(proof), "budget": BUDGET, "cap": CAP}


@team_view(Right.SEE_CODE)
@never_cache
@require_safe
def repository_proof(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """How far the proof is and what it has found, for the page to poll."""
    repository = get_object_or_404(Repository.objects.for_team(request.team).with_state(), public_id=public_id)
    return render(request, "repos/_proof.html", {"repository": repository, **proof_context(repository)})
