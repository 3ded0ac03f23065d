"""Pytest plugin (`-p tests.services`): a throw-away PostgreSQL and Valkey for each run.

They start before Django reads its settings. With DATABASE_URL or REDIS_URL set, that server is used instead. Several
runs at once do not meet: each has its own servers, its own data folder and its own task queue.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config import local
from config.processes import free_port


def start_services() -> None:
    """Fill in the environment that the settings and every child process of the tests read."""
    folder = Path(tempfile.mkdtemp(prefix="pare-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not os.environ.get("DATABASE_URL"):
        postgres = local.start_postgres(folder / "postgres", durable=False)
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url
    if not os.environ.get("REDIS_URL"):
        valkey = local.start_valkey(folder / "valkey", durable=False)
        atexit.register(valkey.stop)
        os.environ["REDIS_URL"] = valkey.url
    os.environ["PARE_DATA"] = str(folder / "data")
    os.environ["PARE_QUEUE"] = f"pare-test-{os.getpid()}"
    os.environ["SECRET_KEY"] = "only-for-tests-" + "0" * 40
    # The twin of Stripe: its process starts with the first test that uses it (tests/twin/fixtures.py).
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{free_port()}"
    os.environ["STRIPE_SECRET_KEY"] = "sk_test_twin"
    os.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_only_for_tests"
    os.environ["PARE_STATIC_MANIFEST"] = "0"  # nothing collects the static files before a test
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the test's thread
    for name in ("SITE_ROOT", "EMAIL_HOST", "EMAIL_BACKEND", "ALLOWED_HOSTS", "DEBUG"):
        os.environ.pop(name, None)


start_services()
