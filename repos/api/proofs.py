"""The proof on a repository's own history over the API."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from repos.api.repositories import TAG, RepositoryMixin
from repos.engine.replay import BUDGET
from repos.models import ProofState, Repository, RepositoryProof
from repos.proof_report import Miss, ProofReport, Shares, report_of


class ProofShareSerializer(serializers.Serializer[Shares]):
    """`found` of `n` as a share, 0 to 1, with its 95 % interval (Wilson)."""

    found = serializers.IntegerField()
    n = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ProofMissSerializer(serializers.Serializer[Miss]):
    sha = serializers.CharField()
    subject = serializers.CharField()
    committed_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="The commit's page at the host; empty where it has none.")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Changed, but not in the slice.")
    files = serializers.IntegerField(help_text="Source files that the commit changed.")


class ProofFiguresSerializer(serializers.Serializer[ProofReport]):
    """Tokens are medians over the judged commits."""

    tasks = ProofShareSerializer(help_text="Commits all of whose changed files were in the slice.")
    definitions = serializers.IntegerField(help_text="Definitions that the commits changed.")
    definitions_found = serializers.IntegerField(help_text="Those that the slices held with all changed lines.")
    slice_tokens = serializers.IntegerField()
    file_tokens = serializers.IntegerField(help_text="Of the full text of the changed files.")
    search_tokens = serializers.IntegerField(help_text="Read by a keyword search until it had all changed files.")
    search_lost = serializers.IntegerField(help_text="Searches that gave up at their cap, which then counts.")
    not_judged = serializers.IntegerField(help_text="Commits that changed a file which is not in the index.")
    misses = ProofMissSerializer(many=True, help_text="The worst, at most 10.")
    more_misses = serializers.IntegerField()


class ProofSerializer(serializers.Serializer[Any]):
    """`done` of `total` counts commits; `figures` is null until one was judged."""

    state = serializers.ChoiceField(choices=["none", *ProofState.values])
    commit = serializers.CharField(help_text="Whose past is replayed; empty before the first time.")
    budget = serializers.IntegerField(help_text="Tokens that each slice may have.")
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    note = serializers.CharField(help_text="Why there is nothing, or no more; empty: nothing to say.")
    finished_at = serializers.DateTimeField(allow_null=True)
    figures = ProofFiguresSerializer(allow_null=True)


@extend_schema_view(get=extend_schema(tags=TAG, operation_id="repositories_proof"))
class RepositoryProofDetail(RepositoryMixin, GenericAPIView[Repository]):
    """How often slices would have held what past commits changed."""

    scope = Scope.CONTEXT_READ
    serializer_class = ProofSerializer

    def get(self, request: Request, public_id: UUID) -> Response:
        """The proof on the repository's own history: recent commits replayed as tasks, and what that cost in tokens."""
        proof = RepositoryProof.objects.for_team(self.team).filter(repository=self.repository()).first()
        shown = proof or RepositoryProof(state="none")
        names = ("state", "commit", "total", "done", "note", "finished_at")
        fields = {name: getattr(shown, name) for name in names}
        return Response(ProofSerializer({**fields, "budget": BUDGET, "figures": report_of(proof)}).data)
