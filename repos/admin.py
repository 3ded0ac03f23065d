"""Repositories and runs in the operator's admin: to look at, never to change, and without any secret."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from repos.models import IndexRun, Repository

if TYPE_CHECKING:  # generic for the type checker only
    RepositoryAdminBase = admin.ModelAdmin[Repository]
    IndexRunAdminBase = admin.ModelAdmin[IndexRun]
else:
    RepositoryAdminBase = IndexRunAdminBase = admin.ModelAdmin


class LookOnly:
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Repository)
class RepositoryAdmin(LookOnly, RepositoryAdminBase):
    list_display = ("name", "team", "host", "auth", "paused_at", "polled_at", "poll_error")
    list_filter = ("auth",)
    list_select_related = ("team",)
    search_fields = ("name", "identity", "team__name", "team__slug")
    fields = (
        "public_id", "team", "name", "url", "branch", "default_branch", "auth", "public_key", "paused_at",
        "kept_at", "next_poll_at", "polled_at", "poll_error", "last_push_at", "linked_by", "created_at",
    )  # fmt: skip


@admin.register(IndexRun)
class IndexRunAdmin(LookOnly, IndexRunAdminBase):
    list_display = ("repository", "trigger", "state", "phase", "attempts", "error_code", "created_at", "finished_at")
    list_filter = ("state", "trigger", "error_code")
    list_select_related = ("repository",)
    search_fields = ("repository__name", "repository__team__slug")
