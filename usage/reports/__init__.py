"""Reads of spend, seen by one person.

Five amounts of money stand side by side and are never added: what was billed; API use at list prices; what use under
a subscription would have cost at list prices; the same where nobody said how it is paid; and estimates by others for
calls we cannot price. `list_price` is a sixth view, over all calls with a price, to compare days, people and models.
"""

from usage.reports.figures import KINDS, Figures, Group, Kind, TokenClass, kinds_in
from usage.reports.queries import (
    GroupBy,
    by_day_and_model,
    grouped,
    reporting_agents,
    sessions,
    token_classes,
    totals,
    unknown_members,
    unpriced_models,
)
from usage.reports.scope import (
    BadRange,
    HistoryNotInPlan,
    Range,
    Sight,
    history_start,
    range_of,
    sight_of_membership,
    sight_of_principal,
)

__all__ = [
    "KINDS",
    "BadRange",
    "Figures",
    "Group",
    "GroupBy",
    "HistoryNotInPlan",
    "Kind",
    "Range",
    "Sight",
    "TokenClass",
    "by_day_and_model",
    "grouped",
    "history_start",
    "kinds_in",
    "range_of",
    "reporting_agents",
    "sessions",
    "sight_of_membership",
    "sight_of_principal",
    "token_classes",
    "totals",
    "unknown_members",
    "unpriced_models",
]
