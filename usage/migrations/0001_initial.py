"""Tables of usage and spend. The two that take every event are made by hand: one is partitioned by month."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# Event ids come from here, so that the partitioned table needs no unique index on the long natural key.
EVENT_KEY = """
CREATE TABLE usage_eventkey (
    team_id bigint NOT NULL,
    source varchar(20) COLLATE "C" NOT NULL,
    client_id varchar(200) COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    month date NOT NULL,
    PRIMARY KEY (team_id, source, client_id)
);
CREATE INDEX usage_eventkey_by_month ON usage_eventkey USING brin (month);
"""

# Partitions, one a month, are made by usage.partitions. Texts compare by code point, as Python's do.
USAGE_EVENT = """
CREATE TABLE usage_usageevent (
    id bigint NOT NULL,
    month date NOT NULL,
    team_id bigint NOT NULL,
    source varchar(20) COLLATE "C" NOT NULL,
    client_id varchar(200) COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    member_id bigint,
    member_label varchar(254) COLLATE "C" NOT NULL,
    repository_id bigint,
    repository_label varchar(300) COLLATE "C" NOT NULL,
    agent varchar(60) NOT NULL,
    model varchar(200) NOT NULL,
    provider varchar(60) NOT NULL,
    session_id varchar(200) COLLATE "C" NOT NULL,
    input_uncached bigint NOT NULL CHECK (input_uncached >= 0),
    cache_read bigint NOT NULL CHECK (cache_read >= 0),
    cache_write_5m bigint NOT NULL CHECK (cache_write_5m >= 0),
    cache_write_1h bigint NOT NULL CHECK (cache_write_1h >= 0),
    cache_write_unsplit bigint NOT NULL CHECK (cache_write_unsplit >= 0),
    output bigint NOT NULL CHECK (output >= 0),
    reasoning bigint NOT NULL CHECK (reasoning BETWEEN 0 AND output),
    reported_cost numeric(20, 10) CHECK (reported_cost >= 0),
    reported_basis varchar(20),
    computed_cost numeric(20, 10) CHECK (computed_cost >= 0),
    cost_input numeric(20, 10),
    cost_cache_read numeric(20, 10),
    cost_cache_write numeric(20, 10),
    cost_output numeric(20, 10),
    unpriced_reason varchar(60) NOT NULL,
    price_version integer NOT NULL,
    billing varchar(12) NOT NULL,
    speed varchar(12) NOT NULL,
    service_tier varchar(12) NOT NULL,
    batch boolean NOT NULL,
    api_key_id bigint,
    completeness bytea NOT NULL,
    PRIMARY KEY (id, month),
    CONSTRAINT cost_has_a_basis CHECK ((reported_cost IS NULL) = (reported_basis IS NULL)),
    CONSTRAINT unpriced_has_a_reason CHECK ((computed_cost IS NULL) = (unpriced_reason <> ''))
) PARTITION BY RANGE (month);
CREATE INDEX usage_event_by_team_and_time ON usage_usageevent (team_id, occurred_at);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_audit_rows_never_change"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceVersion",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=60)),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENT_KEY, "DROP TABLE usage_eventkey")],
            state_operations=[
                migrations.CreateModel(
                    name="EventKey",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "team_id",
                                "source",
                                "client_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("source", models.CharField(max_length=20)),
                        ("client_id", models.CharField(max_length=200)),
                        ("id", models.BigIntegerField()),
                        ("month", models.DateField()),
                        (
                            "team",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.team",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="PriceRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=200)),
                ("component", models.CharField(max_length=20)),
                ("context", models.CharField(blank=True, max_length=60)),
                ("position", models.PositiveSmallIntegerField()),
                ("tier_start", models.PositiveIntegerField()),
                ("usd_per_mtok", models.DecimalField(decimal_places=10, max_digits=20)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("daily_from", models.TimeField(null=True)),
                ("daily_to", models.TimeField(null=True)),
                ("source", models.CharField(max_length=60)),
                ("fetched_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField()),
                ("retired_in", models.PositiveIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_in", None)),
                        fields=("provider", "model", "component", "context", "position", "tier_start"),
                        name="one_current_price_per_line",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("input_uncached", models.BigIntegerField(default=0)),
                ("cache_read", models.BigIntegerField(default=0)),
                ("cache_write_5m", models.BigIntegerField(default=0)),
                ("cache_write_1h", models.BigIntegerField(default=0)),
                ("cache_write_unsplit", models.BigIntegerField(default=0)),
                ("output", models.BigIntegerField(default=0)),
                ("reasoning", models.BigIntegerField(default=0)),
                ("member_id", models.BigIntegerField(null=True)),
                ("member_label", models.CharField(max_length=254)),
                ("repository_id", models.BigIntegerField(null=True)),
                ("repository_label", models.CharField(max_length=300)),
                ("agent", models.CharField(max_length=60)),
                ("provider", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=200)),
                (
                    "billing",
                    models.CharField(
                        choices=[("api", "API"), ("subscription", "Subscription"), ("unknown", "Not known")],
                        max_length=12,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("billed", "Billed"),
                            ("computed", "Computed"),
                            ("provider-estimated", "Provider-estimated"),
                            ("client-estimated", "Client-estimated"),
                            ("unpriced", "Unpriced"),
                        ],
                        max_length=20,
                    ),
                ),
                ("group_digest", models.BinaryField(max_length=32)),
                ("events", models.BigIntegerField()),
                ("unpriced_events", models.BigIntegerField()),
                ("reported_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("computed_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_input", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_cache_read", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_cache_write", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_output", models.DecimalField(decimal_places=10, max_digits=24)),
                ("day", models.DateField()),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("team", "day", "group_digest"), name="one_daily_rollup")
                ],
            },
        ),
        migrations.CreateModel(
            name="DailySessions",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("member_label", models.CharField(max_length=254)),
                ("agent", models.CharField(max_length=60)),
                ("sessions", models.BigIntegerField()),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "day", "member_id", "member_label", "agent"),
                        name="one_daily_sessions",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DirtyDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "team",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["team", "day"], name="dirty_by_team_and_day")],
            },
        ),
        migrations.CreateModel(
            name="HourlyRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("input_uncached", models.BigIntegerField(default=0)),
                ("cache_read", models.BigIntegerField(default=0)),
                ("cache_write_5m", models.BigIntegerField(default=0)),
                ("cache_write_1h", models.BigIntegerField(default=0)),
                ("cache_write_unsplit", models.BigIntegerField(default=0)),
                ("output", models.BigIntegerField(default=0)),
                ("reasoning", models.BigIntegerField(default=0)),
                ("member_id", models.BigIntegerField(null=True)),
                ("member_label", models.CharField(max_length=254)),
                ("repository_id", models.BigIntegerField(null=True)),
                ("repository_label", models.CharField(max_length=300)),
                ("agent", models.CharField(max_length=60)),
                ("provider", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=200)),
                (
                    "billing",
                    models.CharField(
                        choices=[("api", "API"), ("subscription", "Subscription"), ("unknown", "Not known")],
                        max_length=12,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("billed", "Billed"),
                            ("computed", "Computed"),
                            ("provider-estimated", "Provider-estimated"),
                            ("client-estimated", "Client-estimated"),
                            ("unpriced", "Unpriced"),
                        ],
                        max_length=20,
                    ),
                ),
                ("group_digest", models.BinaryField(max_length=32)),
                ("events", models.BigIntegerField()),
                ("unpriced_events", models.BigIntegerField()),
                ("reported_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("computed_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_input", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_cache_read", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_cache_write", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_output", models.DecimalField(decimal_places=10, max_digits=24)),
                ("hour", models.DateTimeField()),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("team", "hour", "group_digest"), name="one_hourly_rollup")
                ],
            },
        ),
        migrations.CreateModel(
            name="SkippedStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=20)),
                ("skipped_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="skipped_steps",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("membership", "step"), name="one_skip_per_step")],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(USAGE_EVENT, "DROP TABLE usage_usageevent")],
            state_operations=[
                migrations.CreateModel(
                    name="UsageEvent",
                    fields=[
                        ("input_uncached", models.BigIntegerField(default=0)),
                        ("cache_read", models.BigIntegerField(default=0)),
                        ("cache_write_5m", models.BigIntegerField(default=0)),
                        ("cache_write_1h", models.BigIntegerField(default=0)),
                        ("cache_write_unsplit", models.BigIntegerField(default=0)),
                        ("output", models.BigIntegerField(default=0)),
                        ("reasoning", models.BigIntegerField(default=0)),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "id", "month", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.BigIntegerField()),
                        ("month", models.DateField()),
                        ("source", models.CharField(max_length=20)),
                        ("client_id", models.CharField(max_length=200)),
                        ("occurred_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("member_id", models.BigIntegerField(null=True)),
                        ("member_label", models.CharField(max_length=254)),
                        ("repository_id", models.BigIntegerField(null=True)),
                        ("repository_label", models.CharField(max_length=300)),
                        ("agent", models.CharField(max_length=60)),
                        ("model", models.CharField(max_length=200)),
                        ("provider", models.CharField(max_length=60)),
                        ("session_id", models.CharField(max_length=200)),
                        ("reported_cost", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("reported_basis", models.CharField(max_length=20, null=True)),
                        ("computed_cost", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("cost_input", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("cost_cache_read", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("cost_cache_write", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("cost_output", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                        ("unpriced_reason", models.CharField(max_length=60)),
                        ("price_version", models.IntegerField()),
                        (
                            "billing",
                            models.CharField(
                                choices=[("api", "API"), ("subscription", "Subscription"), ("unknown", "Not known")],
                                max_length=12,
                            ),
                        ),
                        ("speed", models.CharField(max_length=12)),
                        ("service_tier", models.CharField(max_length=12)),
                        ("batch", models.BooleanField()),
                        ("api_key_id", models.BigIntegerField(null=True)),
                        ("completeness", models.BinaryField()),
                        (
                            "team",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.team",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["team", "occurred_at"], name="usage_event_by_team_and_time")],
                    },
                ),
            ],
        ),
    ]
