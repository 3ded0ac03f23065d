"""Billing periods: calendar arithmetic in UTC on epoch seconds, always counted from the anchor."""

import calendar
from datetime import UTC, datetime

DAY = 86_400
MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def add(moment: int, interval: str, count: int) -> int:
    """`count` intervals (day, week, month, year; may be negative) after `moment`; a day the month lacks is its last."""
    if interval in DAYS:
        return moment + DAYS[interval] * count * DAY
    start = datetime.fromtimestamp(moment, UTC)
    month = start.year * 12 + start.month - 1 + MONTHS[interval] * count
    year, index = divmod(month, 12)
    day = min(start.day, calendar.monthrange(year, index + 1)[1])
    return int(start.replace(year=year, month=index + 1, day=day).timestamp())


def period_at(anchor: int, interval: str, count: int, moment: int) -> tuple[int, int]:
    """The period (start, end) with start <= moment < end among those whose borders are the anchor plus whole intervals.

    Each border is counted from the anchor itself, so an anchor on the 31st gives Feb 28 and then Mar 31 again.
    """
    length = add(0, interval, count)
    guess = (moment - anchor) // length
    while add(anchor, interval, count * guess) > moment:
        guess -= 1
    while add(anchor, interval, count * (guess + 1)) <= moment:
        guess += 1
    return add(anchor, interval, count * guess), add(anchor, interval, count * (guess + 1))


def day_of(moment: int) -> str:
    """As invoice lines write a date: `15 May 2026`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y")
