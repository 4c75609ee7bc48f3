"""Format numbers for people."""

from __future__ import annotations


def clock_time(seconds: float) -> str:
    """Format seconds as h:mm:ss.s: 3723.44 -> "1:02:03.4"."""
    tenths = round(float(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
