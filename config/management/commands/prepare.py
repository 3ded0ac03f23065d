"""`manage.py prepare`: what a new version needs before it serves. Safe to run again, and by several at once."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

# Any fixed number: it names this lock among the advisory locks of the database.
PREPARE_LOCK = 7_273_201


class Command(BaseCommand):
    help = "Bring the database up to date and collect the static files."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:  # two containers may start at the same moment
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
            try:
                call_command("migrate", interactive=False, verbosity=options["verbosity"])
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARE_LOCK])
        call_command("collectstatic", interactive=False, verbosity=0)
