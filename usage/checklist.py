"""The set-up checklist of Overview and its "needs you" list: each entry is read off the team's own rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from accounts.access import holds
from accounts.models import ApiKey, Membership, Team
from accounts.roles import Right
from repos.models import Repository, SliceRecord, State
from usage import reports
from usage.models import EventKey, SkippedStep
from usage.reports import Range


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step of setting a team up, and who can take it where."""

    slug: str
    title: str
    text: str
    right: Right
    route: str
    action: str
    is_done: Callable[[Team], bool]


STEPS = (
    StepKind(
        "team",
        "Name your team",
        "The team is what repositories, keys and spend belong to.",
        Right.MANAGE_TEAM,
        "team_settings",
        "Rename team",
        lambda team: bool(team.name),
    ),
    StepKind(
        "repository",
        "Link a repository",
        "Paste its URL; indexing takes seconds to minutes.",
        Right.MANAGE_REPOSITORIES,
        "repository_link",
        "Link repository",
        lambda team: Repository.objects.for_team(team).exists(),
    ),
    StepKind(
        "agent",
        "Connect an agent",
        "Make an API key and paste one snippet.",
        Right.MANAGE_OWN_KEYS,
        "agents",
        "Connect agent",
        lambda team: ApiKey.objects.for_team(team).live().exists(),
    ),
    StepKind(
        "slice",
        "Get the first slice",
        "Ask for the context of a task, from your agent or on the repository's page.",
        Right.SEE_CODE,
        "repository_list",
        "Try a slice",
        lambda team: SliceRecord.objects.for_team(team).exists(),
    ),
    StepKind(
        "usage",
        "Send the first usage event",
        "From then on the spend board fills itself.",
        Right.SEND_USAGE,
        "agents",
        "Send usage",
        lambda team: EventKey.objects.for_team(team).exists(),
    ),
)
BY_SLUG = {step.slug: step for step in STEPS}


@dataclass(frozen=True, slots=True)
class Step:
    """A step as one member sees it; `url` is empty for who cannot take it."""

    kind: StepKind
    done: bool
    skipped: bool
    url: str


def steps_for(membership: Membership) -> list[Step]:
    skipped = set(SkippedStep.objects.filter(membership=membership).values_list("step", flat=True))
    return [
        Step(
            kind,
            done=kind.is_done(membership.team),
            skipped=kind.slug in skipped,
            url=reverse(kind.route, args=[membership.team.slug]) if holds(membership, kind.right) else "",
        )
        for kind in STEPS
    ]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person."""

    text: str
    url: str
    action: str


def needs_of(membership: Membership, today: date) -> list[Need]:
    """What of the last 30 days (or of now) wants somebody's attention, as far as this member may see it."""
    return [*_failed_runs(membership), *_usage_needs(membership, today)]


def _failed_runs(membership: Membership) -> list[Need]:
    if not holds(membership, Right.SEE_CODE):
        return []
    failed = Repository.objects.for_team(membership.team).with_state().filter(latest_run__state=State.FAILED)
    return [
        Need(f"Indexing {repository.name} failed.", repository.get_absolute_url(), "See why")
        for repository in failed[:5]
    ]


def _usage_needs(membership: Membership, today: date) -> list[Need]:
    sight = reports.sight_of_membership(membership)
    span = Range(today - timedelta(days=29), today)
    spend = reverse("spend", args=[membership.team.slug]) + "?days=30"
    needs = []
    strangers = reports.unknown_members(sight, span)
    if strangers:
        who = ", ".join(strangers[:3]) + (f" and {len(strangers) - 3} more" if len(strangers) > 3 else "")
        needs.append(Need(f"Usage of people who are not in the team: {who}.", spend, "See spend"))
    unpriced = reports.unpriced_models(sight, span)
    if unpriced:
        calls = sum(unpriced.values())
        names = ", ".join(list(unpriced)[:3])
        have = "call has" if calls == 1 else "calls have"
        needs.append(Need(f"{calls:,} {have} no list price ({names}).", spend, "See spend"))
    return needs
