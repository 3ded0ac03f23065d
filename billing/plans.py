"""Pare's own plans: what each gives. Pure Python; `None` means no cap."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PlanKey = Literal["starter", "pro", "team"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan. Caps are counts; `history_days` bounds the usage history that reports may reach back to.

    `whole_team_advice`: budgets, alerts and advice cover all members, not only oneself. Who sees whose spend is a
    matter of roles, not of plans.
    """

    key: PlanKey
    name: str
    monthly_usd: Decimal
    per_member: bool
    repositories: int | None
    members: int | None
    symbols_per_repository: int | None
    slices_per_month: int | None
    history_days: int
    history: str
    whole_team_advice: bool
    service_keys: bool
    audit_log: bool
    team_notes: bool

    @property
    def price(self) -> str:
        """The price as pages say it."""
        if not self.monthly_usd:
            return "Free"
        return f"${self.monthly_usd} a member and month" if self.per_member else f"${self.monthly_usd} a month"

    def cap(self, name: str) -> int | None:
        """The cap called `repositories`, `members` or `slices`; None when the plan has none."""
        caps = {"repositories": self.repositories, "members": self.members, "slices": self.slices_per_month}
        return caps[name]


def has_room_for_one_more(used: int, cap: int | None) -> bool:
    """Before adding one: strictly below the cap."""
    return cap is None or used < cap


def is_within(used: int, cap: int | None) -> bool:
    """For what is there already: the cap itself is allowed."""
    return cap is None or used <= cap


STARTER = Plan(
    key="starter",
    name="Starter",
    monthly_usd=Decimal(0),
    per_member=False,
    repositories=1,
    members=1,
    symbols_per_repository=10_000,
    slices_per_month=500,
    history_days=30,
    history="30 days",
    whole_team_advice=False,
    service_keys=False,
    audit_log=False,
    team_notes=False,
)
PRO = Plan(
    key="pro",
    name="Pro",
    monthly_usd=Decimal(19),
    per_member=False,
    repositories=3,
    members=1,
    symbols_per_repository=None,
    slices_per_month=None,
    history_days=396,
    history="13 months",
    whole_team_advice=False,
    service_keys=False,
    audit_log=False,
    team_notes=False,
)
TEAM = Plan(
    key="team",
    name="Team",
    monthly_usd=Decimal(29),
    per_member=True,
    repositories=None,
    members=None,
    symbols_per_repository=None,
    slices_per_month=None,
    history_days=762,
    history="25 months",
    whole_team_advice=True,
    service_keys=True,
    audit_log=True,
    team_notes=True,
)
PLANS: tuple[Plan, ...] = (STARTER, PRO, TEAM)
BY_KEY: dict[str, Plan] = {plan.key: plan for plan in PLANS}
