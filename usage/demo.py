"""A month of plausible usage for the demonstration team: pure, and the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

DAYS = 31


@dataclass(frozen=True)
class Habit:
    """How one person works: which agents with which models, and about how many sessions on a working day."""

    email: str
    agents: Sequence[tuple[str, str, str]]  # agent, model, billing
    sessions_a_day: float
    repositories: Sequence[str]


def month_of_events(habits: Sequence[Habit], *, until: datetime, seed: int = 7) -> dict[str, list[dict[str, Any]]]:
    """Per person's e-mail, the events of the DAYS days up to `until` (aware), oldest first, in the API's own format."""
    return {habit.email: list(_of_person(habit, until, random.Random(f"{seed}:{habit.email}"))) for habit in habits}


def _of_person(habit: Habit, until: datetime, rng: random.Random) -> Iterator[dict[str, Any]]:
    for days_ago in range(DAYS - 1, -1, -1):
        midnight = (until - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        weekend = midnight.weekday() >= 5
        mean = habit.sessions_a_day * (0.15 if weekend else 1.0)
        for _ in range(max(0, round(rng.gauss(mean, mean / 3)))):
            start = midnight + timedelta(hours=min(18.0, max(7.0, rng.gauss(12, 3))), seconds=rng.randrange(3600))
            yield from (event for event in _session(habit, start, rng) if event["occurred_at"] <= until.isoformat())


def _session(habit: Habit, start: datetime, rng: random.Random) -> Iterator[dict[str, Any]]:
    """One sitting: the context is written to the cache by the first call, read and added to by the next ones."""
    agent, model, billing = rng.choice(habit.agents)
    session = str(UUID(int=rng.getrandbits(128), version=4))
    repository = rng.choice(habit.repositories)
    context, at = rng.randint(9_000, 24_000), start
    for call in range(rng.randint(4, 28)):
        added = rng.randint(300, 4_500)
        yield {
            "id": f"{session}:{call}",
            "occurred_at": at.isoformat(),
            "agent": agent,
            "model": model,
            "session_id": session,
            "repository": repository,
            "billing": billing,
            "tokens": {
                "input_uncached": rng.randint(3, 900),
                "cache_read": context if call else 0,
                "cache_write_5m": added if call else context,
                "output": rng.randint(80, 1_900),
            },
        }
        context += added
        at += timedelta(seconds=rng.randint(8, 150))
