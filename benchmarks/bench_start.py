"""How long `manage.py play` takes to the first page: the first start of a new data folder, then three more.

Goal: a second start under 8 s. Packages are installed already.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from record import ROOT, record


def seconds_to_first_page(data: str) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATA_DIR": data, "PORT": str(port)}
    command = [sys.executable, "manage.py", "play", "--no-browser"]
    start = time.perf_counter()
    play = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not first_page(port):
            if play.poll() is not None:
                sys.exit("manage.py play ended before the first page")
            time.sleep(0.02)
        return time.perf_counter() - start
    finally:
        play.send_signal(signal.SIGINT)
        play.wait(timeout=60)


def first_page(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        first, *later = [seconds_to_first_page(folder) for _ in range(4)]
    later_median_s = round(statistics.median(later), 2)
    record("start", {"first_start_s": round(first, 2), "later_start_median_s": later_median_s})
