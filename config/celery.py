"""The Celery app and the table of periodic tasks. Wiring only."""

import os

from celery import Celery
from celery.signals import worker_init

from config.processes import end_when_orphaned

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pare", task_cls="celery.contrib.django.task:DjangoTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Seconds between two starts. Every one of these may be missed or come twice.
    "repos-runs": {"task": "repos.tasks.sweep_runs", "schedule": 30.0, "options": {"expires": 30.0}},
    "repos-polls": {"task": "repos.tasks.poll_repositories", "schedule": 60.0, "options": {"expires": 60.0}},
    "repos-pauses": {"task": "repos.tasks.settle_changed_plans", "schedule": 15.0, "options": {"expires": 15.0}},
    "repos-all-pauses": {"task": "repos.tasks.settle_pauses", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "repos-cleaning": {"task": "repos.tasks.clean_up", "schedule": 24 * 3600.0},
    "billing-changes": {"task": "billing.tasks.sweep_changes", "schedule": 15.0, "options": {"expires": 15.0}},
    "billing-events": {"task": "billing.tasks.sweep_events", "schedule": 60.0, "options": {"expires": 60.0}},
    "billing-notices": {"task": "billing.tasks.sweep_notices", "schedule": 30.0, "options": {"expires": 30.0}},
    "billing-grace": {"task": "billing.tasks.watch_grace", "schedule": 300.0, "options": {"expires": 300.0}},
    "billing-reconcile": {"task": "billing.tasks.reconcile", "schedule": 24 * 3600.0},
    "usage-rollups": {"task": "usage.tasks.sweep_changed_days", "schedule": 15.0, "options": {"expires": 15.0}},
    "usage-prices": {"task": "usage.tasks.refresh_prices", "schedule": 6 * 3600.0},
    "usage-partitions": {"task": "usage.tasks.keep_partitions", "schedule": 6 * 3600.0},
}


@worker_init.connect
def _end_with_the_supervisor(**_: object) -> None:
    end_when_orphaned()
