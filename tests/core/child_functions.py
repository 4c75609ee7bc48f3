"""What a child runs in the tests of `core.child`."""

from __future__ import annotations

import os
import signal
import sys
import time


def work(task: str) -> bytes:
    if task == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif task == "hang":
        while True:
            pass
    elif task == "sleep":
        time.sleep(60)
    elif task == "fill":
        return b"x" * (1 << 30)
    elif task == "raise":
        raise ValueError("no such thing")
    elif task == "leave":
        os._exit(7)
    elif task == "print":
        print("noise")
        os.write(1, b"noise")
        print("noise", file=sys.stderr)
    return f"{os.getpid()} {task}".encode()
