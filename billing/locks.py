"""Waiting for a row that somebody else has locked, but not for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable


class RowLocked(OperationalError):
    """The row was not free in time."""


@contextmanager
def waiting_at_most(limit: str) -> Iterator[None]:
    """Bounds the wait for each lock, such as "8s", until the transaction ends; it must have begun. Raises RowLocked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [limit])
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise RowLocked(str(error)) from error
        raise
