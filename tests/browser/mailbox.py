"""Reading the mail that the running product sent, as a person would."""

import email
import email.policy
import re
import time
from pathlib import Path

WAIT_SECONDS = 20


def mail_to(folder: Path, address: str, pattern: str) -> str:
    """The first group of `pattern` in the newest mail to this address that holds it; waits for it to come."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for file in sorted(folder.glob("*.eml"), reverse=True):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = message.get_body()
            found = re.search(pattern, body.get_content() if body else "", re.MULTILINE)
            if found and address in str(message["To"]):
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {address} with {pattern}")
