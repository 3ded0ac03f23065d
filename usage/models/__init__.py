"""Usage events, the price book, and the rollups that pages read."""

from usage.models.events import Agent, Basis, Billing, EventKey, TokenColumns, UsageEvent
from usage.models.prices import PriceRow, PriceVersion
from usage.models.rollups import GROUP_FIELDS, DailyRollup, DailySessions, DirtyDay, HourlyRollup
from usage.models.setup import SkippedStep

__all__ = [
    "GROUP_FIELDS",
    "Agent",
    "Basis",
    "Billing",
    "DailyRollup",
    "DailySessions",
    "DirtyDay",
    "EventKey",
    "HourlyRollup",
    "PriceRow",
    "PriceVersion",
    "SkippedStep",
    "TokenColumns",
    "UsageEvent",
]
