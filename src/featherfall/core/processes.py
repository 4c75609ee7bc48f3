"""Worker processes that do not outlive whom they work for."""

from __future__ import annotations

import os
import threading
import time


def exit_with_parent(parent: int) -> None:
    """Leave when the parent is gone: a killed command must not have workers that go on writing. For a pool's initializer."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
