"""The operator's admin: plans are changed through `change_plan`, so that the team's facts and audit trail follow; what
goes to Stripe and comes from there can be looked at.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.admin import LookOnly
from billing.models import BillingAccount, Notice, StripeChange, StripeEvent, Subscription
from billing.services import change_plan

if TYPE_CHECKING:  # generic for the type checker only
    Admin = admin.ModelAdmin[BillingAccount]
else:
    Admin = admin.ModelAdmin


@admin.register(BillingAccount)
class BillingAccountAdmin(Admin):
    list_display = ("team", "plan", "seats", "source", "valid_until", "stripe_customer_id", "synced_at", "changed_at")
    list_filter = ("plan", "source")
    list_select_related = ("team",)
    search_fields = ("team__name", "team__slug", "stripe_customer_id")
    fields = ("team", "plan", "seats", "changed_at")
    readonly_fields = ("changed_at",)
    raw_id_fields = ("team",)

    def get_readonly_fields(self, request: HttpRequest, obj: BillingAccount | None = None) -> tuple[str, ...]:
        return ("team", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(
        self, request: HttpRequest, obj: BillingAccount, form: "ModelForm[BillingAccount]", change: bool
    ) -> None:
        assert request.user.is_authenticated  # the admin lets in nobody else
        account = change_plan(team=obj.team, plan=obj.plan, seats=obj.seats, actor=request.user)
        obj.pk, obj.changed_at = account.pk, account.changed_at

    def has_change_permission(self, request: HttpRequest, obj: BillingAccount | None = None) -> bool:
        # What is paid through Stripe is changed on the team's billing page, or at Stripe.
        is_paid = obj is not None and obj.subscriptions.live().exists()
        return super().has_change_permission(request, obj) and not is_paid

    def has_delete_permission(self, request: HttpRequest, obj: BillingAccount | None = None) -> bool:
        return False


@admin.register(Subscription)
class SubscriptionAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("stripe_id", "account", "status", "plan", "interval", "quantity", "period_end", "cancel_at")
    list_filter = ("status", "plan", "interval")
    list_select_related = ("account__team",)
    search_fields = ("stripe_id", "account__team__slug", "account__stripe_customer_id")
    ordering = ("-created_at",)


@admin.register(StripeChange)
class StripeChangeAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("created_at", "account", "kind", "state", "attempts", "next_attempt_at", "error_code", "actor")
    list_filter = ("state", "kind", "error_code")
    list_select_related = ("account__team", "actor")
    search_fields = ("public_id", "account__team__slug", "error_message")
    ordering = ("-pk",)


class SeenTo(admin.SimpleListFilter):
    """Events that wait are those that something is wrong with."""

    title, parameter_name = "seen to", "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Waits"), ("yes", "Seen to")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        return queryset.filter(processed_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(StripeEvent)
class StripeEventAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("received_at", "type", "customer_id", "id", "processed_at", "ignored", "found_by_reconcile")
    list_filter = (SeenTo, "ignored", "found_by_reconcile", "type")
    search_fields = ("id", "customer_id")
    ordering = ("-received_at",)


@admin.register(Notice)
class NoticeAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("created_at", "account", "kind", "key", "claimed_at", "sent_at")
    list_filter = ("kind", "sent_at")
    list_select_related = ("account__team",)
    search_fields = ("account__team__slug", "key")
    ordering = ("-pk",)
