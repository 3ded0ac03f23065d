"""A Celery app with one long task, set like Pare's own: run by test_give_back.py."""

import os
import time

from celery import Celery

QUEUE = f"sleepers-{os.environ.get('PARE_QUEUE', '')}"

app = Celery("sleeper", broker=os.environ["REDIS_URL"], set_as_current=False)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    task_default_queue=QUEUE,
)


@app.task(name="sleeper.sleep")
def sleep(seconds: float) -> None:
    print("asleep", flush=True)
    time.sleep(seconds)
