"""What the log leaves out: lines that nobody can act on bury the one that matters."""

import logging

# The web server says so on every machine with fewer than eight cores. Its backpressure is set.
ADVICE = "Configuration allows spawning up to"


def without_trace(record: logging.LogRecord) -> bool:
    """Keeps the line of a refused request and drops its traceback: a refusal is no fault."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True


def is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(ADVICE)
