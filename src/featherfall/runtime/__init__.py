"""The part that runs on the device: open a bundle, read or watch data, decide. NumPy and ONNX Runtime only."""

from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction
from featherfall.runtime.sources.csv import read_csv

__all__ = ["Bundle", "Event", "Prediction", "load_bundle", "read_csv"]
