"""What time does by itself: every due moment is acted on in order, at the time it was due."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.twin.world import World

TOO_MANY = 20_000


@dataclass(frozen=True)
class Moment:
    """Something to do at `at` (epoch s), for a customer if it concerns one."""

    at: int
    customer: str | None
    act: Callable[[], None]


SOURCES: list[Callable[[World], Iterator[Moment]]] = []


def source(find: Callable[[World], Iterator[Moment]]) -> Callable[[World], Iterator[Moment]]:
    """Register a function that yields what lies ahead. Acting on a moment must make it go away."""
    SOURCES.append(find)
    return find


def run_until(world: World, t: int, customer: str | None = None) -> None:
    """Do all that is due up to `t`: of this customer, or of everyone who is not on a test clock."""
    for _ in range(TOO_MANY):
        ahead = (moment for find in SOURCES for moment in find(world))
        due = [moment for moment in ahead if moment.at <= t and _concerns(world, moment, customer)]
        if not due:
            return
        moment = min(due, key=lambda item: item.at)
        with world.at(moment.at):
            moment.act()
        world.dirty.set()
    raise RuntimeError("The clockwork does not come to an end.")


def _concerns(world: World, moment: Moment, customer: str | None) -> bool:
    if customer is not None:
        return moment.customer == customer
    return world.clock_of(moment.customer) is None
