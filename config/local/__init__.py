"""The zero-service stack: PostgreSQL and Valkey out of wheels, found or started. No Django here.

Each server runs in the foreground as a child of whoever starts it, in a process group of its own, listening on nothing
but a Unix socket (PostgreSQL) or a loopback port with a password (Valkey). On Linux the kernel ends it when its parent
dies, even by `kill -9`; a PostgreSQL that outlived its parent elsewhere is found by its pid file and ended before the
next one starts.
"""

from config.local.postgres import start_postgres
from config.local.record import forget_urls, record_urls, recorded_url
from config.local.server import LocalStackError, Server
from config.local.stripe_twin import StripeTwin, stripe_twin
from config.local.valkey import start_valkey

__all__ = [
    "LocalStackError",
    "Server",
    "StripeTwin",
    "forget_urls",
    "record_urls",
    "recorded_url",
    "start_postgres",
    "start_valkey",
    "stripe_twin",
]
