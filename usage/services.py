"""Verbs of usage."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import timezone

from accounts.access import Principal
from accounts.models import Membership
from usage import ingest, places, pricebook, tasks
from usage.models import SkippedStep
from usage.sources import EventError, events


class Receipt(NamedTuple):
    """What became of each event of a call: the three counts and the errors add up to what was sent."""

    accepted: int
    updated: int
    duplicates: int
    errors: list[EventError]


def record_usage(*, principal: Principal, body: bytes) -> Receipt:
    """Take the events of a JSON body for the principal's team; they are durable when this returns.

    Raises usage.sources.BadBatch when the body as a whole is no batch.
    """
    parsed = events.parse(body, now=timezone.now())
    resolved, refused = places.resolve(principal, parsed.records)
    outcome = ingest.write(team_id=principal.team_id, events=resolved, book=pricebook.current())
    if outcome.accepted or outcome.updated:
        tasks.request_recompute(principal.team_id)
    errors = sorted((*parsed.errors, *refused))
    return Receipt(outcome.accepted, outcome.updated, outcome.duplicates, errors)


def skip_step(*, membership: Membership, step: str) -> None:
    """Take a step off a member's set-up checklist."""
    SkippedStep.objects.get_or_create(membership=membership, step=step)


def show_skipped_steps(*, membership: Membership) -> None:
    """Put every skipped step back on the checklist."""
    SkippedStep.objects.filter(membership=membership).delete()
