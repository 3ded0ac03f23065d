"""`GET /api/v1/team/members`: who is in the team."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from accounts.models import Membership
from accounts.rest import Pages, TeamAPIMixin
from accounts.roles import Right, Role, Scope


class MemberSerializer(serializers.ModelSerializer[Membership]):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="user.name")
    email = serializers.EmailField(source="user.email")
    role = serializers.ChoiceField(choices=Role.choices)
    joined_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "role", "joined_at")


class MemberPages(Pages):
    ordering = "pk"


@extend_schema_view(get=extend_schema(tags=["Team"], operation_id="team_members"))
class MemberList(TeamAPIMixin, ListAPIView[Membership]):
    """The members of the team, first joined first."""

    scope = Scope.SPEND_READ
    rights = {"GET": Right.SEE_TEAM}
    serializer_class = MemberSerializer
    pagination_class = MemberPages

    def get_queryset(self) -> QuerySet[Membership]:
        return Membership.objects.for_team(self.team).select_related("user")
