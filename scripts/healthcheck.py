"""For Docker: does the web process of this container answer? A worker has no address: it is well as long as it runs."""

import http.client
import os
import sys
from pathlib import Path


def main() -> int:
    command = Path("/proc/1/cmdline").read_bytes()
    if b"gunicorn" not in command and b"supervisor" not in command:
        return 0
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    connection.request("GET", "/health")
    return 0 if connection.getresponse().status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
