"""Over the API: the team with its plan and use of it, what it pays and whether that works, its invoices."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.rest import Pages, TeamAPIMixin
from accounts.roles import Right, Scope
from billing.caps import use_of
from billing.models import ChangeKind, ChangeState, Interval, Invoice, Source, StripeChange
from billing.plans import BY_KEY, Plan
from billing.services import plan_of
from billing.standing import Standing, State, standing_of


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


class PlannedSerializer(serializers.Serializer[Any]):
    """A change that comes at the end of the period."""

    plan = serializers.ChoiceField(choices=list(BY_KEY), source="next_plan")
    interval = serializers.ChoiceField(choices=Interval.choices, source="next_interval")
    at = serializers.DateTimeField(source="next_at")


class PendingSerializer(serializers.Serializer[Any]):
    """A change that waits for its payment; it is dropped at `until`."""

    plan = serializers.ChoiceField(choices=list(BY_KEY), source="pending_plan")
    seats = serializers.IntegerField(source="pending_quantity", allow_null=True)
    until = serializers.DateTimeField(source="pending_until", allow_null=True)


class ChangeSerializer(serializers.ModelSerializer[StripeChange]):
    """The last change that was asked for, while it is on its way to Stripe or when Stripe refused it."""

    kind = serializers.ChoiceField(choices=ChangeKind.choices)
    state = serializers.ChoiceField(choices=ChangeState.choices)
    asked_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = StripeChange
        fields = ("kind", "state", "asked_at", "error_code", "error_message")


class PaymentSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["ok", "failed"])
    grace_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when a failed payment changes nothing; in the past once the grace is over."
    )
    invoice_url = serializers.CharField(allow_null=True, help_text="Stripe's page of the oldest unpaid invoice.")


class CardSerializer(serializers.Serializer[Any]):
    brand = serializers.CharField(source="card_brand")
    last4 = serializers.CharField(source="card_last4")
    expires = serializers.CharField(source="card_expires", help_text="Year and month, such as 2030-04.")


class BillingSerializer(serializers.Serializer[Any]):
    plan = serializers.ChoiceField(choices=list(BY_KEY), help_text="What holds now.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field of this name, not the field's own
        choices=Source.choices, help_text="Who says so: the operator, or payments."
    )
    state = serializers.ChoiceField(
        choices=[state.value for state in State],
        help_text="lapsed: a payment failed and its grace is over; cancelling: paid until `cancel_at`.",
    )
    paid_plan = serializers.ChoiceField(
        choices=list(BY_KEY),
        allow_null=True,
        help_text="The plan of the subscription: another than `plan` once a grace is over. null: no subscription.",
    )
    interval = serializers.ChoiceField(choices=Interval.choices, allow_null=True)
    seats = serializers.IntegerField(allow_null=True, help_text="null: the plan is not paid per member.")
    billable_members = serializers.IntegerField(help_text="All but those with the billing role.")
    seats_follow_members = serializers.BooleanField()
    unit_amount_cents = serializers.IntegerField(allow_null=True, help_text="A seat's list price for an interval.")
    amount_cents = serializers.IntegerField(
        allow_null=True, help_text="All seats at list price, before tax, credits and discounts."
    )
    currency = serializers.CharField(allow_null=True)
    renews_at = serializers.DateTimeField(allow_null=True)
    cancel_at = serializers.DateTimeField(allow_null=True)
    planned = PlannedSerializer(allow_null=True)
    pending = PendingSerializer(allow_null=True)
    change = ChangeSerializer(allow_null=True)
    payment = PaymentSerializer()
    card = CardSerializer(allow_null=True)
    synced_at = serializers.DateTimeField(allow_null=True, help_text="When Stripe was last asked.")


def billing_facts(standing: Standing) -> dict[str, Any]:
    """A standing as the API says it."""
    subscription, account = standing.subscription, standing.account
    facts: dict[str, Any] = dict.fromkeys(("paid_plan", "interval", "unit_amount_cents", "currency", "cancel_at"))
    if subscription:
        facts = {
            "paid_plan": subscription.plan,
            "interval": subscription.interval,
            "unit_amount_cents": subscription.unit_amount_cents,
            "currency": subscription.currency,
            "cancel_at": subscription.cancel_at,
        }
    return {
        **facts,
        "plan": standing.plan.key,
        "source": account.source if account else Source.OPERATOR,
        "state": standing.state.value,
        "seats": standing.seats,
        "billable_members": standing.members,
        "seats_follow_members": account is not None and account.seats_follow_members,
        "amount_cents": standing.amount_cents,
        "renews_at": standing.renews_at,
        "planned": subscription if subscription and subscription.next_plan else None,
        "pending": subscription if subscription and subscription.pending_plan else None,
        "change": standing.change or standing.refused,
        "payment": {
            "state": "failed" if standing.payment_fails else "ok",
            "grace_ends_at": standing.grace_ends_at,
            "invoice_url": standing.unpaid.page_url or None if standing.unpaid else None,
        },
        "card": account if account and account.card_last4 else None,
        "synced_at": account.synced_at if account else None,
    }


class BillingDetail(TeamAPIMixin, APIView):
    """The plan, what it costs, and whether its payment works.

    From the last state that Stripe told: nobody is asked anew. Amounts are integer cents of `currency`.
    """

    scope = Scope.SPEND_READ
    rights = {"GET": Right.SEE_BILLING}

    @extend_schema(tags=["Billing"], operation_id="billing", responses=BillingSerializer)
    def get(self, request: Request) -> Response:
        return Response(BillingSerializer(billing_facts(standing_of(self.team))).data)


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    id = serializers.CharField(source="stripe_id", help_text="Stripe's id.")
    number = serializers.CharField(help_text="Empty while it is a draft.")
    status = serializers.CharField(help_text="draft, open, paid, uncollectible or void.")
    page_url = serializers.CharField(help_text="Stripe's page of it, where an open one can be paid.")
    pdf_url = serializers.CharField()

    class Meta:
        model = Invoice
        fields = (
            "id",
            "number",
            "status",
            "currency",
            "total_cents",
            "amount_due_cents",
            "created_at",
            "period_start",
            "period_end",
            "page_url",
            "pdf_url",
        )


class InvoicePages(Pages):
    ordering = ("-created_at", "-stripe_id")  # type: ignore[assignment]  # DRF takes several, its stubs do not


@extend_schema_view(get=extend_schema(tags=["Billing"], operation_id="billing_invoices"))
class InvoiceList(TeamAPIMixin, ListAPIView[Invoice]):
    """The invoices of the team, newest first. Amounts are integer cents of `currency`."""

    scope = Scope.SPEND_READ
    rights = {"GET": Right.SEE_BILLING}
    serializer_class = InvoiceSerializer
    pagination_class = InvoicePages

    def get_queryset(self) -> QuerySet[Invoice]:
        return Invoice.objects.for_team(self.team)
