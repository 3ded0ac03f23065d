"""Kept snapshots of a repository over the API: list, pin, unpin."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from repos import services
from repos.api.repositories import TAG, RepositoryMixin
from repos.api.serializers import KeptSnapshotSerializer, PinSerializer
from repos.errors import NotIndexedYet, TooManyPinned
from repos.models import Snapshot


@extend_schema_view(get=extend_schema(tags=TAG, operation_id="repositories_snapshots"))
class RepositorySnapshots(RepositoryMixin, ListAPIView[Snapshot]):
    """The snapshots that are kept of a repository, newest first."""

    scope = Scope.CONTEXT_READ
    serializer_class = KeptSnapshotSerializer

    def get_queryset(self) -> QuerySet[Snapshot]:
        return services.kept_snapshots(self.repository())


@extend_schema_view(
    post=extend_schema(
        tags=TAG,
        operation_id="repositories_pin",
        request=PinSerializer,
        responses=KeptSnapshotSerializer,
    )
)
class RepositoryPins(RepositoryMixin, GenericAPIView[Snapshot]):
    """Keep a snapshot for good, or no longer."""

    scope = Scope.REPOS_WRITE
    errors = {"POST": (NotIndexedYet, TooManyPinned)}
    serializer_class = KeptSnapshotSerializer

    def post(self, request: Request, public_id: UUID) -> Response:
        asked = PinSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        repository = self.repository()
        pinned = services.pin_snapshot(
            repository=repository,
            public_id=asked.validated_data.get("snapshot"),
            pinned=asked.validated_data["pinned"],
            actor=self.principal,
        )
        return Response(KeptSnapshotSerializer(services.kept_snapshots(repository).get(pk=pinned.pk)).data)
