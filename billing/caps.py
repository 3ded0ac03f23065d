"""What a team uses of its plan's caps, and the refusals at them: 402, a code for each limit, and what to do."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Team
from billing.plans import Plan, has_room_for_one_more
from config.errors import DomainError

LABELS = {
    "members": "Members (all but the billing role)",
    "repositories": "Linked repositories",
    "slices": "Slices this month (UTC)",
}


class CapReached(DomainError):
    """A cap of the team's plan is used up. Raised by the verb that would have gone over it; nothing was written."""

    code, status, message = "cap_reached", 402, "A cap of the team's plan is used up."


class RepositoryCapReached(CapReached):
    code, message = "repository_cap_reached", "The plan allows no further repository."

    def __init__(self, plan: Plan) -> None:
        cap = plan.repositories
        noun = "repository" if cap == 1 else "repositories"
        super().__init__(
            f"Your plan, {plan.name}, allows {cap} linked {noun}, and the team has reached that. "
            "Unlink one, or ask an owner to change the plan."
        )


class SymbolCapReached(CapReached):
    code, message = "symbol_cap_reached", "The repository has more symbols than the plan allows."

    def __init__(self, plan: Plan, symbols: int) -> None:
        super().__init__(
            f"This repository has {symbols:,} symbols; your plan, {plan.name}, allows {plan.symbols_per_repository:,} "
            "in one repository. Link a smaller one, or ask an owner to change the plan."
        )


class SliceCapReached(CapReached):
    code, message = "slice_cap_reached", "This month's slices are used up."

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"Your plan, {plan.name}, allows {plan.slices_per_month:,} slices a month, and this month's are used up. "
            "They begin again on the first of next month (UTC), or ask an owner to change the plan."
        )


@dataclass(frozen=True, slots=True)
class CapUse:
    """How much of one cap a team has used; `cap` None means that its plan has no such cap."""

    name: str
    used: int
    cap: int | None

    @property
    def label(self) -> str:
        return LABELS[self.name]

    @property
    def is_full(self) -> bool:
        return not has_room_for_one_more(self.used, self.cap)

    @property
    def over(self) -> int:
        """By how many the team is over the cap, as it can be after a change to a smaller plan."""
        return 0 if self.cap is None else max(0, self.used - self.cap)


def use_of(team: Team, plan: Plan) -> list[CapUse]:
    """The team's use against each counted cap of the plan, in the order of settings.PLAN_USE."""
    counters: dict[str, str] = settings.PLAN_USE
    return [CapUse(name, import_string(counter)(team), plan.cap(name)) for name, counter in counters.items()]
