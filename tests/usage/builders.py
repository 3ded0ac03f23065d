"""Builders of usage: a record, and an event as a client would send it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Team
from usage import ingest, pricebook, rollups
from usage.ingest import NewEvent
from usage.sources import TokenCounts, UsageRecord

_numbers = count(1)


def yesterday(hour: int = 12) -> datetime:
    now = datetime.now(UTC) - timedelta(days=1)
    return now.replace(hour=hour, minute=0, second=0, microsecond=0)


def make_record(**fields: Any) -> UsageRecord:
    values: dict[str, Any] = {
        "source": "events",
        "client_id": f"req_{next(_numbers)}",
        "occurred_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "agent": "claude-code",
        "model": "claude-opus-4-5",
        "provider": "",
        "session_id": "",
        "member": "",
        "repository": "",
        "tokens": TokenCounts(input_uncached=100, output=10),
        "reported_cost": None,
        "reported_basis": None,
        "billing": "unknown",
        "speed": "",
        "service_tier": "",
        "batch": False,
    }
    return UsageRecord(**{**values, **fields})


def make_event(**fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": f"req_{next(_numbers)}",
        "occurred_at": yesterday().isoformat(),
        "agent": "claude-code",
        "model": "claude-opus-4-5",
        "tokens": {"input_uncached": 100, "cache_read": 1000, "output": 10},
    }
    return {**values, **fields}


def body_of(events: Iterable[Any]) -> bytes:
    return json.dumps({"events": list(events)}).encode()


def send(team: Team, *records: UsageRecord, **place: Any) -> None:
    """Store these as the write path does, and bring the rollups up to date."""
    events = [NewEvent(record, **place) for record in records]
    ingest.write(team_id=team.pk, events=events, book=pricebook.current())
    settle()


def settle() -> None:
    """Recompute every day that changed."""
    for team_id, day in rollups.dirty_days():
        rollups.recompute(team_id=team_id, day=day)
