"""Spend for programs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.rest import TeamAPIMixin
from accounts.roles import Scope
from usage import reports
from usage.reports import Figures, GroupBy

MONEY: dict[str, Any] = {"max_digits": 24, "decimal_places": 10}


class TokensSerializer(serializers.Serializer[Figures]):
    """Exclusive parts; `reasoning` is inside `output`, `total` is input and output."""

    input_uncached = serializers.IntegerField()
    cache_read = serializers.IntegerField()
    cache_write_5m = serializers.IntegerField()
    cache_write_1h = serializers.IntegerField()
    cache_write_unsplit = serializers.IntegerField()
    output = serializers.IntegerField()
    reasoning = serializers.IntegerField()
    total = serializers.IntegerField(source="tokens")


class FiguresSerializer(serializers.Serializer[Figures]):
    """US dollars as strings. The amounts are different views of different calls: never add them up."""

    events = serializers.IntegerField()
    unpriced_events = serializers.IntegerField(
        help_text="Calls without a list price; they are in no list-price amount."
    )
    tokens = TokensSerializer(source="*")
    billed_usd = serializers.DecimalField(source="billed", help_text="Reported as billed.", **MONEY)
    api_usd = serializers.DecimalField(source="api", help_text="API use, computed from list prices.", **MONEY)
    subscription_list_price_usd = serializers.DecimalField(
        source="subscription", help_text="List-price equivalent of use under a subscription; nobody paid this.", **MONEY
    )
    unknown_list_price_usd = serializers.DecimalField(
        source="unknown", help_text="List-price equivalent where the way of paying is not known.", **MONEY
    )
    estimated_usd = serializers.DecimalField(
        source="estimated", help_text="Estimates by provider or client for calls without a list price.", **MONEY
    )
    list_price_usd = serializers.DecimalField(
        source="list_price", help_text="All calls with a list price, at that price: for comparing.", **MONEY
    )


class GroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # Field has an attribute of that name
    figures = FiguresSerializer(required=False, help_text="For every grouping but token_class.")
    tokens = serializers.IntegerField(required=False, help_text="For token_class.")
    list_price_usd = serializers.DecimalField(required=False, help_text="For token_class.", **MONEY)


class SpendSerializer(serializers.Serializer[Any]):
    """Whole UTC days, both ends included."""

    start = serializers.DateField()
    end = serializers.DateField()
    limited_by_plan = serializers.BooleanField(help_text="The plan's history cut the beginning of the range off.")
    sight = serializers.ChoiceField(choices=["team", "own"], help_text="Whose calls are counted.")
    group_by = serializers.ChoiceField(choices=[by.value for by in GroupBy])
    totals = FiguresSerializer()
    groups = GroupSerializer(many=True)


class SpendQuery(serializers.Serializer[Any]):
    group_by = serializers.ChoiceField(choices=[by.value for by in GroupBy], default=GroupBy.DAY.value)
    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a keyword, so it cannot be written as an attribute.
        return {**super().get_fields(), "from": serializers.DateField(required=False)}


class SpendView(TeamAPIMixin, APIView):
    """Spend of the team, or of the key's own member where the role shows no more."""

    scope = Scope.SPEND_READ

    @extend_schema(
        operation_id="spend",
        tags=["Spend"],
        parameters=[
            OpenApiParameter("group_by", enum=[by.value for by in GroupBy], default=GroupBy.DAY.value),
            OpenApiParameter("from", date, description="First UTC day; the first of the month by default."),
            OpenApiParameter("to", date, description="Last UTC day; today by default."),
        ],
        responses=SpendSerializer,
    )
    def get(self, request: Request) -> Response:
        """Sums of a range by one dimension. 402 when the whole range is before the plan's history."""
        query = SpendQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        today = timezone.now().date()
        span = reports.range_of(self.team, start=asked.get("from"), end=asked.get("to"), today=today)
        sight = reports.sight_of_principal(self.principal, self.team)
        by = GroupBy(asked["group_by"])
        totals = reports.totals(sight, span)
        report = {
            "start": span.start,
            "end": span.end,
            "limited_by_plan": span.limited,
            "sight": sight.word,
            "group_by": by.value,
            "totals": totals,
            "groups": _classes(totals) if by is GroupBy.TOKEN_CLASS else reports.grouped(sight, span, by),
        }
        return Response(SpendSerializer(report).data)


def _classes(totals: Figures) -> list[dict[str, str | int | Decimal]]:
    return [
        {"key": part.key, "label": part.label, "tokens": part.tokens, "list_price_usd": part.list_price}
        for part in reports.token_classes(totals)
    ]
