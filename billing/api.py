"""`GET /api/v1/team`: the team that the key belongs to, its plan, and what it has used of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.rest import TeamAPIMixin
from accounts.roles import Right, Scope
from billing.caps import use_of
from billing.plans import BY_KEY, Plan
from billing.services import plan_of


class PlanSerializer(serializers.Serializer[Plan]):
    key = serializers.ChoiceField(choices=list(BY_KEY))
    name = serializers.CharField()
    price = serializers.CharField(help_text="As pages say it.")


class CapSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(
        help_text="What is counted: members (all but the billing role), repositories, slices (this month, UTC)."
    )
    used = serializers.IntegerField()
    cap = serializers.IntegerField(allow_null=True, help_text="null: the plan has no such cap.")


class TeamSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    slug = serializers.SlugField()
    created_at = serializers.DateTimeField()
    plan = PlanSerializer()
    caps = CapSerializer(many=True)
    symbols_per_repository = serializers.IntegerField(
        allow_null=True, help_text="The plan's cap on symbols in one repository; null: none."
    )
    history_days = serializers.IntegerField(help_text="How far back reports reach.")


class TeamDetail(TeamAPIMixin, APIView):
    """The team, its plan and its use of it.

    The key names the team; a session names it in the header X-Pare-Team when its person is in several.
    """

    scope = Scope.SPEND_READ
    rights = {"GET": Right.SEE_TEAM}

    @extend_schema(tags=["Team"], operation_id="team", responses=TeamSerializer)
    def get(self, request: Request) -> Response:
        plan = plan_of(self.team)
        standing = {
            "public_id": self.team.public_id,
            "name": self.team.name,
            "slug": self.team.slug,
            "created_at": self.team.created_at,
            "plan": plan,
            "caps": use_of(self.team, plan),
            "symbols_per_repository": plan.symbols_per_repository,
            "history_days": plan.history_days,
        }
        return Response(TeamSerializer(standing).data)
