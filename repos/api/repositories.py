"""Repositories over the API: list, link, look, index again, unlink, search."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest import TeamAPIMixin
from accounts.roles import Scope
from billing.caps import RepositoryCapReached
from repos import services
from repos.api.serializers import IndexRunSerializer, LinkSerializer, RepositorySerializer, SymbolsSerializer
from repos.engine import git
from repos.engine.errors import GitError
from repos.engine.types import Symbol
from repos.errors import (
    AddressInvalid,
    AlreadyLinked,
    AuthMismatch,
    BadSliceRequest,
    NotIndexedYet,
    RepositoryPaused,
    TokenMissing,
)
from repos.models import IndexRun, Repository
from repos.text import plain

TAG = ["Repositories"]
ANY_ADDRESS = git.Policy(allow_local=True)


class RepositoryMixin(TeamAPIMixin):
    kwargs: dict[str, Any]

    def repository(self) -> Repository:
        """The one that the address names; Http404 for another team's as for none."""
        found = Repository.objects.for_team(self.team).with_state().filter(public_id=self.kwargs["public_id"]).first()
        if found is None:
            raise Http404
        return found


@extend_schema_view(
    get=extend_schema(
        tags=TAG,
        operation_id="repositories_list",
        parameters=[OpenApiParameter("url", str, description="Only the one with this address, in any of its forms.")],
    ),
    post=extend_schema(
        tags=TAG, operation_id="repositories_link", request=LinkSerializer, responses={201: RepositorySerializer}
    ),
)
class RepositoryList(TeamAPIMixin, ListAPIView[Repository]):
    """The linked repositories of the team, by name."""

    scopes = {"GET": Scope.CONTEXT_READ, "POST": Scope.REPOS_WRITE}
    errors = {"POST": (RepositoryCapReached, AddressInvalid, AlreadyLinked, AuthMismatch, TokenMissing)}
    serializer_class = RepositorySerializer

    def get_queryset(self) -> QuerySet[Repository]:
        repositories = Repository.objects.for_team(self.team).with_state().defer("snapshot__statistics")
        if url := self.request.query_params.get("url"):
            return repositories.filter(identity=_identity(url))
        return repositories

    def post(self, request: Request) -> Response:
        """Link a repository and index it for the first time."""
        link = LinkSerializer(data=request.data)
        link.is_valid(raise_exception=True)
        repository = services.link_repository(team=self.team, actor=self.principal, **link.validated_data)
        repository = Repository.objects.for_team(self.team).with_state().get(pk=repository.pk)
        return Response(RepositorySerializer(repository).data, status=201)


def _identity(url: str) -> str:
    """Of whatever a git client may call its remote; nothing fits what is no address."""
    try:
        return git.parse_address(url, ANY_ADDRESS).identity
    except GitError:
        return ""


@extend_schema_view(
    get=extend_schema(tags=TAG, operation_id="repositories_get"),
    delete=extend_schema(tags=TAG, operation_id="repositories_unlink", responses={204: None}),
)
class RepositoryDetail(RepositoryMixin, GenericAPIView[Repository]):
    """One repository: how it is read, what is indexed, what the last run did."""

    scopes = {"GET": Scope.CONTEXT_READ, "DELETE": Scope.REPOS_WRITE}
    serializer_class = RepositorySerializer

    def get(self, request: Request, public_id: UUID) -> Response:
        """One repository, with its snapshot and its last run."""
        return Response(self.get_serializer(self.repository()).data)

    def delete(self, request: Request, public_id: UUID) -> Response:
        """Unlink the repository: its mirror, snapshots and runs are deleted for good."""
        services.unlink_repository(repository=self.repository(), actor=self.principal)
        return Response(status=204)


@extend_schema_view(
    post=extend_schema(tags=TAG, operation_id="repositories_reindex", request=None, responses={202: IndexRunSerializer})
)
class RepositoryReindex(RepositoryMixin, GenericAPIView[IndexRun]):
    """Index again what the host has now; a run that waits already is answered instead of a second one."""

    scope = Scope.REPOS_WRITE
    errors = {"POST": (RepositoryPaused,)}
    serializer_class = IndexRunSerializer

    def post(self, request: Request, public_id: UUID) -> Response:
        run = services.request_index(repository=self.repository(), actor=self.principal)
        return Response(IndexRunSerializer(run).data, status=202)


@extend_schema_view(get=extend_schema(tags=TAG, operation_id="repositories_runs"))
class RepositoryRuns(RepositoryMixin, ListAPIView[IndexRun]):
    """The index runs of a repository, last first."""

    scope = Scope.CONTEXT_READ
    serializer_class = IndexRunSerializer

    def get_queryset(self) -> QuerySet[IndexRun]:
        return IndexRun.objects.for_team(self.team).filter(repository=self.repository())


@extend_schema_view(
    get=extend_schema(
        tags=TAG,
        operation_id="repositories_symbols",
        responses=SymbolsSerializer,
        parameters=[
            OpenApiParameter("q", str, required=True, description="Part of a name; Cart.total: a method of a class."),
            OpenApiParameter("limit", int, description="1 to 50; 20 when left out."),
        ],
    )
)
class RepositorySymbols(RepositoryMixin, GenericAPIView[Repository]):
    """The symbols of a repository that fit a name best."""

    scope = Scope.CONTEXT_READ
    errors = {"GET": (RepositoryPaused, NotIndexedYet, BadSliceRequest)}
    serializer_class = SymbolsSerializer

    def get(self, request: Request, public_id: UUID) -> Response:
        limit = request.query_params.get("limit", "20")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and 1 <= int(limit) <= services.SYMBOLS_SHOWN):
            raise BadSliceRequest("limit", f"Use a whole number from 1 to {services.SYMBOLS_SHOWN}.")
        repository = self.repository()
        found = services.find_symbols(repository=repository, query=request.query_params.get("q", ""), limit=int(limit))
        commit = repository.snapshot.commit if repository.snapshot else ""
        return Response({"commit": commit, "symbols": [sendable(symbol) for symbol in found]})


SYMBOL_FIELDS = ("name", "qualified", "kind", "language", "path", "start", "end", "signature")


def sendable(symbol: Symbol) -> dict[str, Any]:
    fields = {name: getattr(symbol, name) for name in SYMBOL_FIELDS}
    return {name: plain(value) if isinstance(value, str) else value for name, value in fields.items()}
