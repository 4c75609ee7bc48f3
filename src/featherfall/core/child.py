"""Run a function on untrusted input in a child process: a crash, a hang or too much memory ends the child, and not this process.

The child is started once and takes one request after the other. What it returns is bytes, so that nothing it sends is executed here.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

_LENGTH = struct.Struct(">cQ")  # kind of an answer, and its bytes
_STARTING_S = 60.0  # imports on a slow board included
_PATIENCE = 5  # time by the clock that a call may take on a busy machine, for each second of computing
_LOOK_S = 0.2  # between two looks at the child's computing time
_DYING_S = 3.0  # for a child that has closed its end to be gone


class ChildError(Exception):
    """The child gave no answer. Its text says why: "crashed (SIGSEGV)", "took more than 10 s", "needed more than 500 MB"."""


class Refused(Exception):
    """The function raised; its text is the exception's."""


class Child:
    """A function `(*arguments) -> bytes` in a process of its own, with limits on each call.

    Attributes:
        function: "package.module:name" of the function; its arguments are plain values that JSON holds.
        seconds: limit of one call, of computing where /proc tells it, as a busy machine only seems to hang; by the clock `_PATIENCE` times.
        memory: bytes that the child may allocate beyond what it has once the function is imported; checked on Linux.
    """

    def __init__(self, function: str, seconds: float, memory: int) -> None:
        self.function, self.seconds, self.memory = function, seconds, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()
        atexit.register(self.close)

    def __call__(self, *arguments: object) -> bytes:
        """Return what the function returns for `arguments`.

        Raises: `Refused` where it raised an exception, `ChildError` where it crashed or went beyond a limit; the next call starts anew.
        """
        with self._lock:
            process = self._started()
            assert process.stdin is not None and process.stdout is not None
            request = json.dumps(arguments).encode()
            limit = _Limit(process.pid, self.seconds)
            try:
                process.stdin.write(struct.pack(">Q", len(request)) + request)
                process.stdin.flush()
                kind, length = _LENGTH.unpack(_read(process.stdout, _LENGTH.size, limit))
                answer = _read(process.stdout, length, limit)
            except (EOFError, BrokenPipeError):
                raise ChildError(self._end()) from None
            except TimeoutError:
                self.close()
                raise ChildError(f"took more than {self.seconds:g} s") from None
            except BaseException:
                self.close()
                raise
        if kind == b"m":
            raise ChildError(f"needed more than {self.memory / 1e6:.0f} MB")
        if kind == b"e":
            raise Refused(answer.decode("utf-8", "replace"))
        return answer

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:  # a fork's parent owns the other one
            search = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
            command = [sys.executable, "-m", __name__, self.function, str(self.memory)]
            environment = os.environ | {"PYTHONPATH": search, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._process = subprocess.Popen(command, env=environment, **pipes)  # type: ignore[call-overload]
            self._owner = os.getpid()
            assert self._process is not None and self._process.stdout is not None
            try:
                _read(self._process.stdout, _LENGTH.size, _Limit(None, _STARTING_S))
            except (EOFError, TimeoutError):
                raise RuntimeError(f"the child process of {self.function} does not start: {self._end()}") from None
        return self._process

    def _end(self) -> str:
        """Return how the child ended."""
        process, self._process = self._process, None
        assert process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_DYING_S)
        process.kill()
        process.communicate()
        if process.returncode < 0:
            import signal

            return f"crashed ({signal.Signals(-process.returncode).name})"
        return f"ended with code {process.returncode}"


class _Limit:
    """The time that a call may take. pid: of the process whose computing counts; None counts the clock alone."""

    def __init__(self, pid: int | None, seconds: float) -> None:
        self._pid, self._seconds = pid, seconds
        self._deadline = time.monotonic() + seconds * (_PATIENCE if pid else 1)
        self._before = self._computed()

    def check(self) -> None:
        """Raise `TimeoutError` beyond the limit."""
        if time.monotonic() > self._deadline or self._computed() - self._before > self._seconds:
            raise TimeoutError

    def _computed(self) -> float:
        if self._pid is not None:
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{self._pid}/stat").read_bytes().rpartition(b")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0


def _read(stream: IO[bytes], count: int, limit: _Limit) -> bytes:
    """Read exactly `count` bytes; raises `TimeoutError` beyond the limit, and `EOFError` where the stream ends."""
    parts: list[bytes] = []
    handle = stream.fileno()
    while count:
        ready, _, _ = select.select([handle], [], [], _LOOK_S)
        if not ready:
            limit.check()
            continue
        part = os.read(handle, min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _limit(memory: int) -> None:
    """Limit what this process allocates from now on, and write no core file when it crashes."""
    with contextlib.suppress(ImportError, ValueError, OSError, StopIteration):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        lines = Path("/proc/self/status").read_text().splitlines()
        used = int(next(line for line in lines if line.startswith("VmData:")).split()[1]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))


def _serve(function: Callable[..., bytes], requests: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        head = requests.read(8)
        if len(head) < 8:  # the parent is gone
            return
        arguments = json.loads(requests.read(struct.unpack(">Q", head)[0]))
        try:
            kind, answer = b"r", function(*arguments)
        except MemoryError:
            kind, answer = b"m", b""
        except Exception as error:
            kind, answer = b"e", str(error).encode("utf-8", "replace")
        answers.write(_LENGTH.pack(kind, len(answer)) + answer)
        answers.flush()


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    function = getattr(importlib.import_module(module), name)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    _limit(int(sys.argv[2]))
    answers.write(_LENGTH.pack(b"r", 0))
    answers.flush()
    _serve(function, sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
