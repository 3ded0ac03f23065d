"""What it costs to take usage events: decode, check, price, COPY, roll up, next to inserting the rows one by one.

    python -m bench.ingest [events]

Starts its own PostgreSQL in a folder that is thrown away. CPU time is the figure to judge by on a busy machine; that of
PostgreSQL is the time of the one backend that serves us. Ratios compare what ran on one machine in one minute.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

BATCH = 500
ONE_BY_ONE = 300  # rows of the slow way; enough for a mean


class Cost(NamedTuple):
    """Microseconds an event: CPU of this process, CPU of PostgreSQL, and by the clock."""

    cpu: float
    server: float
    wall: float


def measure(work: Callable[[], object], events: int) -> Cost:
    cpu, server, wall = time.process_time(), server_cpu(), time.perf_counter()
    work()
    spent = (time.process_time() - cpu, server_cpu() - server, time.perf_counter() - wall)
    return Cost(*(seconds / events * 1e6 for seconds in spent))


def server_cpu() -> float:
    """Seconds of CPU that the backend of our connection has used; 0 where the system does not tell."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone() or [0]
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def body(first: int, size: int = BATCH) -> bytes:
    """A batch of distinct events over the last ten hours, two models, five sessions, as an agent sends them."""
    start = datetime.now(UTC) - timedelta(hours=10)
    events = [
        {
            "id": f"req_{n:024d}",
            "occurred_at": (start + timedelta(seconds=n % 36_000)).isoformat(),
            "agent": "claude-code",
            "model": ("claude-opus-4-5", "claude-sonnet-4-5")[n % 2],
            "session_id": f"session-{n % 5}",
            "repository": "acme/shop",
            "billing": "api",
            "tokens": {"input_uncached": n % 900, "cache_read": 40_000 + n % 999, "cache_write_5m": 900, "output": 300},
        }
        for n in range(first, first + size)
    ]
    return json.dumps({"events": events}).encode()


def run(total: int) -> None:
    from accounts.access import Principal
    from accounts.models import Team
    from accounts.roles import Scope
    from usage import pricebook, rollups
    from usage.sources import events

    team = Team.objects.create(name="Bench", slug="bench")
    principal = Principal(team.pk, team.slug, frozenset({Scope.USAGE_WRITE}))
    bodies = [body(first) for first in range(0, total, BATCH)]
    book = pricebook.current()
    now = datetime.now(UTC)
    send_all(principal, [body(10**9)])  # warm: partition, temporary table, prices
    parsed = [events.parse(one, now=now).records for one in bodies]
    costs = {
        "decode and check": measure(lambda: [events.parse(one, now=now) for one in bodies], total),
        "price": measure(lambda: [book.price(record) for batch in parsed for _, record in batch], total),
        "the whole call, new events": measure(lambda: send_all(principal, bodies), total),
        "the whole call, all known": measure(lambda: send_all(principal, bodies), total),
        "roll up": measure(lambda: [rollups.recompute(team_id=t, day=d) for t, d in rollups.dirty_days()], total),
        "one by one, a commit each": measure(one_by_one, ONE_BY_ONE),
    }
    report(costs)


def send_all(principal: Any, bodies: list[bytes]) -> None:
    from usage import services

    for one in bodies:
        receipt = services.record_usage(principal=principal, body=one)
        if receipt.errors:
            raise RuntimeError(f"The bench's own events were refused: {receipt.errors[0]}")


def one_by_one() -> None:
    """The obvious way: the same rows through the ORM, each in its own transaction."""
    from usage.models import UsageEvent

    row = UsageEvent.objects.all()[:1].get()
    for n in range(ONE_BY_ONE):
        row.id = -1 - n
        row.save(force_insert=True)


def report(costs: dict[str, Cost]) -> None:
    print(f"{'µs an event':32}{'CPU':>9}{'CPU of PostgreSQL':>20}{'clock':>9}{'events/s':>12}")
    for name, cost in costs.items():
        print(f"{name:32}{cost.cpu:9.1f}{cost.server:20.1f}{cost.wall:9.1f}{1e6 / cost.wall:12,.0f}")
    whole, slow = costs["the whole call, new events"], costs["one by one, a commit each"]
    ratio = (slow.cpu + slow.server) / (whole.cpu + whole.server)
    print(f"\none by one ÷ the whole call: {ratio:.0f} in CPU, {slow.wall / whole.wall:.0f} by the clock")


def main() -> None:
    from config import local

    total = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory(prefix="pare-bench-") as folder:
        postgres = local.start_postgres(Path(folder) / "postgres", durable=True)
        valkey = local.start_valkey(Path(folder) / "valkey", durable=False)
        try:
            os.environ.update(
                DATABASE_URL=postgres.url,
                REDIS_URL=valkey.url,
                PARE_DATA=f"{folder}/data",
                DJANGO_SETTINGS_MODULE="config.settings",
            )
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            run(max(BATCH, total // BATCH * BATCH))
        finally:
            from django.db import connection

            connection.close()
            valkey.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
