"""What the API says of repositories and runs, and what it takes to link one."""

from typing import Any

from rest_framework import serializers

from repos.engine.types import Symbol
from repos.models import Auth, IndexRun, Repository, Snapshot


class CoverageSerializer(serializers.Serializer[dict[str, Any]]):
    """seen = parsed + text + the sum of skipped."""

    seen = serializers.IntegerField(help_text="Files in the commit.")
    parsed = serializers.IntegerField(help_text="Files whose symbols are known.")
    text = serializers.IntegerField(help_text="Files that are searched as text only.")
    skipped = serializers.DictField(child=serializers.IntegerField(), help_text="Files left out, by reason.")
    share = serializers.FloatField(help_text="Share of the usable files that could be used, 0 to 1.")


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    indexed_at = serializers.DateTimeField(source="created_at")
    coverage = CoverageSerializer()

    class Meta:
        model = Snapshot
        fields = ("branch", "commit", "committed_at", "indexed_at", "symbols", "edges", "coverage")


class KeptSnapshotSerializer(SnapshotSerializer):
    """A snapshot that slices can be asked of by its id."""

    id = serializers.UUIDField(source="public_id")
    is_current = serializers.BooleanField(help_text="Whether slices come from it when no other is asked for.")
    pinned_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is kept for good; null: it is not.")

    class Meta(SnapshotSerializer.Meta):
        fields = ("id", *SnapshotSerializer.Meta.fields, "size", "is_current", "pinned_at")  # type: ignore[assignment]


class PinSerializer(serializers.Serializer[Any]):
    """`snapshot` left out: the current one."""

    snapshot = serializers.UUIDField(required=False)
    pinned = serializers.BooleanField(default=True)


class IndexRunSerializer(serializers.ModelSerializer[IndexRun]):
    """`done` of `total` counts the current phase; `error` is a sentence for people, `error_code` for programs."""

    id = serializers.UUIDField(source="public_id")
    total = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True, help_text="What the last attempt took, or has taken so far.")

    class Meta:
        model = IndexRun
        fields = (
            "id", "trigger", "state", "phase", "done", "total", "commit", "error_code", "error", "attempts",
            "created_at", "started_at", "finished_at", "seconds",
        )  # fmt: skip


class RepositorySerializer(serializers.ModelSerializer[Repository]):
    id = serializers.UUIDField(source="public_id")
    branch = serializers.CharField(source="followed_branch", help_text="The branch that is indexed.")
    status = serializers.ChoiceField(choices=["new", "queued", "running", "ready", "failed", "paused"])
    public_key = serializers.CharField(help_text="The deploy key to add at the host; empty without one.")
    paused_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when the plan has no place for it: no runs, no slices. null: it is active."
    )
    kept_at = serializers.DateTimeField(
        allow_null=True, help_text="When the team chose it to stay active under a smaller plan; null: not chosen."
    )
    linked_at = serializers.DateTimeField(source="created_at")
    snapshot = SnapshotSerializer(allow_null=True, help_text="What slices are made from now.")
    latest_run = IndexRunSerializer(allow_null=True)

    class Meta:
        model = Repository
        fields = (
            "id", "name", "url", "identity", "branch", "auth", "public_key", "status", "paused_at", "kept_at",
            "linked_at", "snapshot", "latest_run",
        )  # fmt: skip


class LinkSerializer(serializers.Serializer[Any]):
    """A repository to link. `auth` may be left out: a token means `token`, an ssh address means `deploy_key`."""

    url = serializers.CharField(max_length=1000, help_text="https://host/path, ssh://git@host/path or git@host:path.")
    auth = serializers.ChoiceField(choices=Auth.choices, default=Auth.NONE)
    token = serializers.CharField(max_length=1024, default="", allow_blank=True, write_only=True, trim_whitespace=True)
    branch = serializers.CharField(
        max_length=255, default="", allow_blank=True, help_text="Empty follows the default branch of the repository."
    )


class SymbolSerializer(serializers.Serializer[Symbol]):
    """A definition; `start` and `end` are its first and last line."""

    name = serializers.CharField()
    qualified = serializers.CharField()
    kind = serializers.CharField()
    language = serializers.CharField()
    path = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    signature = serializers.CharField()


class SymbolsSerializer(serializers.Serializer[Any]):
    commit = serializers.CharField()
    symbols = SymbolSerializer(many=True)
