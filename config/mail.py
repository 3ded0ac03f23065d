"""Mail without a mail server: readable in the log, and a copy of each in the data folder."""

import os
import re
import sys
import time
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

# A line that holds nothing but a code, the way log-in and verification mails show it: ABCD-1234, or six digits.
CODE = re.compile(r"^\s*([A-Z0-9]{3,5}-[A-Z0-9]{3,5}|[A-Z0-9]{6,8})\s*$", re.MULTILINE)
LINK = re.compile(r"https?://\S+")
KEPT = 500  # copies; older ones are deleted


class LogBackend(BaseEmailBackend):
    """Writes each mail to standard output, its code or link once more at the end, and an `.eml` file to `PARE_MAIL`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            keep_copy(message)
            out = sys.__stdout__ or sys.stdout  # not Celery's stand-in, which puts a date before every line
            out.write(readable(message))
            out.flush()
        return len(email_messages)


def readable(message: EmailMessage) -> str:
    """The mail as indented lines, between two rulers."""
    body = str(message.body)
    lines = [f"To: {', '.join(message.to)}", f"Subject: {message.subject}", "", *body.strip().splitlines()]
    if code := CODE.search(body):
        lines += ["", f">>> Code to type: {code.group(1)}"]
    elif link := LINK.search(body):
        lines += ["", f">>> Link to open: {link.group(0)}"]
    ruler = "-" * 72
    return "\n".join([f"MAIL {ruler}", *(f"  {line}".rstrip() for line in lines), f"MAIL END {ruler[4:]}"]) + "\n"


def keep_copy(message: EmailMessage) -> None:
    """Names sort by time. Only the person who runs Pare can read them: they hold codes."""
    folder = settings.PARE_MAIL
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.eml"
    part = folder / f".{name}"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.message().as_bytes())
    part.rename(folder / name)
    for old in sorted(folder.glob("*.eml"))[:-KEPT]:
        old.unlink(missing_ok=True)
