"""The part that runs on the device: open a bundle, read or watch data, decide. NumPy and ONNX Runtime only."""

from typing import TYPE_CHECKING, Any

from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction

if TYPE_CHECKING:
    from featherfall.runtime.sources.csv import read_csv

__all__ = ["Bundle", "Event", "Prediction", "load_bundle", "read_csv"]


def __getattr__(name: str) -> Any:
    """Import `read_csv` when it is used: a process that only watches spares the memory of all readers of recordings."""
    if name == "read_csv":
        from featherfall.runtime.sources.csv import read_csv

        return read_csv
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
