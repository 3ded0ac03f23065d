"""Refusals at a plan's caps: 402, a code for each limit, a message that names limit, plan and what to do."""

from billing.plans import Plan
from config.errors import DomainError


class CapReached(DomainError):
    """A cap of the team's plan is used up. Raised by the verb that would have gone over it; nothing was written."""

    code, status = "cap_reached", 402


class RepositoryCapReached(CapReached):
    code = "repository_cap_reached"

    def __init__(self, plan: Plan) -> None:
        cap = plan.repositories
        noun = "repository" if cap == 1 else "repositories"
        super().__init__(
            f"Your plan, {plan.name}, allows {cap} linked {noun}, and the team has reached that. "
            "Unlink one, or ask an owner to change the plan."
        )


class SymbolCapReached(CapReached):
    code = "symbol_cap_reached"

    def __init__(self, plan: Plan, symbols: int) -> None:
        super().__init__(
            f"This repository has {symbols:,} symbols; your plan, {plan.name}, allows {plan.symbols_per_repository:,} "
            "in one repository. Link a smaller one, or ask an owner to change the plan."
        )


class SliceCapReached(CapReached):
    code = "slice_cap_reached"

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"Your plan, {plan.name}, allows {plan.slices_per_month:,} slices a month, and this month's are used up. "
            "They begin again on the first of next month (UTC), or ask an owner to change the plan."
        )
