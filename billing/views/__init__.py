"""The landing page with its plans, and the billing pages of a team."""

from billing.views.acts import billing_change, billing_pay, billing_portal, billing_resume
from billing.views.checkout import billing_refresh, billing_return
from billing.views.landing import landing
from billing.views.page import billing, billing_progress
from billing.views.plan import billing_cost, billing_plan
from billing.views.seats import billing_seat_preview

__all__ = [
    "billing",
    "billing_change",
    "billing_cost",
    "billing_pay",
    "billing_plan",
    "billing_portal",
    "billing_progress",
    "billing_refresh",
    "billing_resume",
    "billing_return",
    "billing_seat_preview",
    "landing",
]
