"""Run the twin: `python -m tests.twin --port 4242`."""

import argparse
import signal
import sys
from pathlib import Path

from tests.twin.api import Twin
from tests.twin.keeping import Keeper, load, save
from tests.twin.server import PATIENCE, Server
from tests.twin.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.twin", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, help="JSON file to load at the start and to keep the world in")
    parser.add_argument("--webhook", help="address to send signed webhooks to")
    parser.add_argument("--webhook-secret", help="sign with this instead of a secret made for each endpoint")
    parser.add_argument("--start", type=int, help="time to begin at, in seconds since 1970")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds a client has to send its request")
    options = parser.parse_args()
    twin = Twin(World(), options.webhook_secret)
    server = Server(options.port, twin, options.patience)
    twin.start(start=options.start, webhook=options.webhook)
    if options.state:
        load(twin.world, options.state)
        twin.point_to(options.webhook)
        Keeper(twin.world, options.state).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"The twin answers on {server.url}", flush=True)
    try:
        server.serve_forever()
    finally:
        if options.state:
            save(twin.world, options.state)


if __name__ == "__main__":
    main()
