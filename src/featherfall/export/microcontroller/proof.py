"""Prove generated C: compile it, run it on this machine, and compare bits with the reference in NumPy."""

from __future__ import annotations

import ctypes
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.export.microcontroller.source import HEADER, SOURCE, TEMPLATES, CSource

FLAGS = ("-std=c99", "-ffp-contract=off")
ARM = "arm-none-eabi-gcc"
QEMU = "qemu-system-arm"
PICOLIBC = Path("/usr/lib/picolibc/arm-none-eabi/picolibc.specs")
# An image for QEMU's mps2-an386: 4 MB of flash from 0, 4 MB of RAM from 0x20000000, input and output by semihosting.
IMAGE = (
    "--specs=picolibc.specs",
    "--oslib=semihost",
    "--crt0=hosted",
    *(
        f"-Wl,--defsym=__{name}={value}"
        for name, value in (("flash", 0), ("flash_size", 0x400000), ("ram", 0x20000000), ("ram_size", 0x400000))
    ),
)
BOARD = (
    *("-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0"),
    *("-chardev", "stdio,id=out", "-semihosting-config", "enable=on,target=native,chardev=out"),
)
TARGETS = {
    "cortex-m4": ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    "cortex-m0plus": ("-mcpu=cortex-m0plus", "-mthumb"),
}


def host_compiler() -> str | None:
    """Return the path of this machine's C compiler, None where there is none."""
    return next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)


def write_files(source: CSource, folder: Path) -> None:
    """Write header and source into a folder."""
    (folder / HEADER).write_text(source.header, encoding="ascii", errors="replace")
    (folder / SOURCE).write_text(source.source, encoding="ascii", errors="replace")


def host_probabilities(source: CSource, inputs: Mapping[str, np.ndarray], classes: int) -> np.ndarray:
    """Return (K, classes) float32 of the C on this machine. inputs: (K, length, channels) by name, in the contract's order."""
    windows = [np.ascontiguousarray(values, np.float32) for values in inputs.values()]
    out = np.zeros((len(windows[0]), classes), np.float32)
    with tempfile.TemporaryDirectory() as name:
        write_files(source, Path(name))
        student = host_student(Path(name))
    for k in range(len(out)):
        student.ff_classify(*(one[k].ctypes.data_as(ctypes.c_void_p) for one in windows))
        out[k] = np.ctypeslib.as_array(student.ff_probabilities(), (classes,))
    return out


def host_student(folder: Path) -> ctypes.CDLL:
    """Return the functions of the header and source in a folder, compiled for this machine."""
    compiler = host_compiler()
    assert compiler is not None
    with tempfile.TemporaryDirectory() as name:
        library = Path(name) / "student.so"
        _run([compiler, *FLAGS, "-O2", "-shared", "-fPIC", str(folder / SOURCE), "-o", str(library), "-lm"])
        student = ctypes.CDLL(str(library))
    student.ff_classify.restype = ctypes.c_float
    student.ff_probabilities.restype = ctypes.POINTER(ctypes.c_float)
    return student


def host_latencies(folder: Path, window: Mapping[str, np.ndarray], repeat: int) -> np.ndarray:
    """Return (repeat,) milliseconds of one window of the C in a folder, on this machine. window: (1, length, channels) by input, in the
    contract's order."""
    student = host_student(folder)
    values = [np.ascontiguousarray(one, np.float32) for one in window.values()]
    pointers = [one.ctypes.data_as(ctypes.c_void_p) for one in values]
    taken = np.empty(repeat)
    for k in range(repeat):
        start = time.perf_counter_ns()
        student.ff_classify(*pointers)
        taken[k] = time.perf_counter_ns() - start
    return taken / 1e6


def can_emulate() -> bool:
    """Return whether a Cortex-M4 can be emulated here: a compiler with picolibc, and QEMU."""
    return shutil.which(ARM) is not None and shutil.which(QEMU) is not None and PICOLIBC.is_file()


def emulated_probabilities(source: CSource, inputs: Mapping[str, np.ndarray], classes: int, seconds: float = 600) -> tuple[np.ndarray, int]:
    """Return (K, classes) float32 of the C on a Cortex-M4 that QEMU emulates, and the instructions that a window takes.

    Arguments:
        inputs: (K, length, channels) by name, in the contract's order.
        seconds: after which QEMU is stopped.
    """
    parts = [np.ascontiguousarray(values, np.float32).reshape(len(values), -1) for values in inputs.values()]
    starts = np.cumsum([0, *(part.shape[1] for part in parts[:-1])])
    call = f"-DCLASSIFY(w)=ff_classify({', '.join(f'(w) + {start}' for start in starts)})"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(source, folder)
        np.concatenate(parts, axis=1).tofile(folder / "windows.bin")
        program = [str(TEMPLATES / "windows.c"), str(folder / SOURCE), f"-I{folder}", call]
        _run([ARM, *IMAGE, *TARGETS["cortex-m4"], *FLAGS, "-O2", *program, "-o", str(folder / "windows.elf"), "-lm"])
        said = _run([QEMU, *BOARD, "-kernel", "windows.elf"], folder, seconds)
        return np.fromfile(folder / "probabilities.bin", np.float32).reshape(-1, classes), int(said.split()[1])


def differing(ours: np.ndarray, theirs: np.ndarray) -> int:
    """Return in how many windows any bit differs; (K, classes) float32 each."""
    return int((np.ascontiguousarray(ours).view(np.uint32) != np.ascontiguousarray(theirs).view(np.uint32)).any(axis=1).sum())


def memory_sizes(source: CSource) -> dict[str, dict[str, int]]:
    """Return bytes of "flash" (code and constants) and "ram" (without the stack) by processor.

    Nothing without `arm-none-eabi-gcc` and a C library for it.
    """
    if shutil.which(ARM) is None or shutil.which("arm-none-eabi-size") is None:
        return {}
    found = {}
    specs = ("--specs=picolibc.specs",) if PICOLIBC.is_file() else ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(source, folder)
        for target, flags in TARGETS.items():
            thing = folder / f"{target}.o"
            try:
                _run([ARM, *specs, *flags, *FLAGS, "-Os", "-c", str(folder / SOURCE), "-o", str(thing)])
            except UserError:  # e.g. no math.h; nothing is proven by sizes
                return {}
            text, data, bss = map(int, _run(["arm-none-eabi-size", str(thing)]).splitlines()[1].split()[:3])
            found[target] = {"flash": text + data, "ram": data + bss}
    return found


def compiler_name() -> str:
    """Return the host's compiler and processor, e.g. "gcc 12.2.0, x86_64"; "" without one."""
    compiler = host_compiler()
    if compiler is None:
        return ""
    first = _run([compiler, "--version"]).splitlines()[0]
    number = re.search(r"\d+\.\d+(\.\d+)?", first)
    kind = "clang" if "clang" in first else "gcc"
    return f"{kind} {number[0] if number else ''}, {platform.machine()}"


def _run(command: list[str], folder: Path | None = None, seconds: float = 600) -> str:
    """Return what a program printed. Raises `UserError` where it fails, or needs more time."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]}: stopped after {seconds:g} s; try again on a quieter machine") from None
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if "error" in line] or [f"exit code {done.returncode}"]
        raise UserError(f"{command[0]}: {lines[0].strip()}; the C could not be proven: repair the compiler, or export where there is none")
    return done.stdout
