from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.export.contract import Contract
from featherfall.export.microcontroller.integer import IntegerStudent, softmax_float32
from featherfall.export.microcontroller.proof import (
    can_emulate,
    compiler_name,
    differing,
    emulated_probabilities,
    host_compiler,
    host_probabilities,
    memory_sizes,
)
from featherfall.export.microcontroller.source import CSource


def test_differing_counts_windows_not_numbers() -> None:
    ours = np.ones((3, 2), np.float32)
    theirs = ours.copy()
    theirs[1] = np.nextafter(np.float32(1), np.float32(2))
    assert differing(ours, theirs) == 1 and differing(ours, ours.copy()) == 0


@pytest.mark.skipif(
    not can_emulate(), reason="no QEMU, or no compiler with picolibc for it: gcc-arm-none-eabi picolibc-arm-none-eabi qemu-system-arm"
)
def test_an_emulated_cortex_m4_has_the_bits_of_the_reference(
    wrist: IntegerStudent, wrist_contract: Contract, wrist_source: CSource, wrist_windows: np.ndarray
) -> None:
    shown = {"accelerometer": wrist_windows[-8:]}
    theirs, instructions = emulated_probabilities(wrist_source, shown, 2, seconds=60)
    assert differing(softmax_float32(wrist.logits(shown), wrist_contract.temperature), theirs) == 0
    assert 10e6 < instructions < 20e6


@pytest.mark.skipif(not can_emulate(), reason="no compiler for ARM: gcc-arm-none-eabi")
def test_flash_and_memory_are_small(wrist_source: CSource) -> None:
    found = memory_sizes(wrist_source)
    assert set(found) == {"cortex-m4", "cortex-m0plus"}
    assert all(one["flash"] <= 64_000 and one["ram"] <= 16_000 for one in found.values())
    assert found["cortex-m4"]["ram"] == pytest.approx(wrist_source.ram, abs=16)


def test_the_compiler_has_a_name() -> None:
    assert compiler_name() == "" or compiler_name().split()[0] in ("gcc", "clang")


def test_a_compiler_that_fails_is_one_line(wrist_source: CSource, wrist_windows: np.ndarray) -> None:
    if host_compiler() is None:
        pytest.skip("no C compiler here")
    with pytest.raises(UserError, match=r"^\S+: .*error: unknown type name .nonsense.*; the C could not be proven"):
        host_probabilities(replace(wrist_source, source="nonsense x;"), {"accelerometer": wrist_windows[:1]}, 2)
    assert memory_sizes(replace(wrist_source, source="nonsense x;")) == {}
