"""People and teams in the operator's admin. Secrets and the audit trail can be looked at, never changed."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import ApiKey, AuditEntry, Invitation, Membership, Team, User

# The admin's own log-in form knows neither limits on guessing nor the second step: staff log in as everybody does.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class LookOnly:
    """For rows that only verbs may write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
    # The address is changed by its person, who proves it with a code.
    readonly_fields = ("email", "last_login", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class MembershipInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "member_cap", "created_at", "closed_at")
    list_filter = ("closed_at",)
    search_fields = ("name", "slug")
    ordering = ("-created_at",)
    fields = (
        "name",
        "slug",
        "public_id",
        "member_cap",
        "service_keys_allowed",
        "audit_log_allowed",
        "created_at",
        "closed_at",
    )
    # What the plan gives is written by a change of plan alone.
    readonly_fields = tuple(name for name in fields if name != "name")
    inlines = (MembershipInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "team", "role", "created_at")
    list_filter = ("role",)
    search_fields = ("user__email", "team__slug")
    list_select_related = ("user", "team")


@admin.register(Invitation)
class InvitationAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("email", "team", "role", "sent_at", "times_sent", "expires_at", "accepted_at", "revoked_at")
    search_fields = ("email", "team__slug")
    list_select_related = ("team",)
    exclude = ("token_digest",)


@admin.register(ApiKey)
class ApiKeyAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "key_id", "last_four", "team", "created_at", "last_used_at", "expires_at", "revoked_at")
    search_fields = ("name", "key_id", "team__slug")
    list_select_related = ("team",)
    exclude = ("secret_digest",)


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "team", "actor_label", "action", "target")
    list_filter = ("action",)
    search_fields = ("actor_label", "target", "team__slug")
    list_select_related = ("team",)
    show_full_result_count = False
