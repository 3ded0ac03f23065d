"""The operator's way to change a plan: through `change_plan`, so that the team's facts and audit trail follow."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from billing.models import BillingAccount
from billing.services import change_plan

if TYPE_CHECKING:  # generic for the type checker only
    Admin = admin.ModelAdmin[BillingAccount]
else:
    Admin = admin.ModelAdmin


@admin.register(BillingAccount)
class BillingAccountAdmin(Admin):
    list_display = ("team", "plan", "seats", "changed_at")
    list_filter = ("plan",)
    list_select_related = ("team",)
    search_fields = ("team__name", "team__slug")
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

    def has_delete_permission(self, request: HttpRequest, obj: BillingAccount | None = None) -> bool:
        return False
