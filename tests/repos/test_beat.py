"""The table of periodic tasks names tasks that there are."""

from celery import current_app


def test_every_entry_is_a_task() -> None:
    current_app.loader.import_default_modules()
    entries = current_app.conf.beat_schedule
    assert {"repos-runs", "repos-polls", "repos-pauses", "repos-cleaning"} <= set(entries)
    assert {entry["task"] for entry in entries.values()} <= set(current_app.tasks)
