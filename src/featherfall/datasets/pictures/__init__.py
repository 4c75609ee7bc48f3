"""Still pictures: YOLO folders, the Kaggle set, class folders, frames of films; a picture is a film of one picture."""

from . import class_folders, kaggle_fall, le2i_frames, yolo
from .alike import LOOK, with_looks
from .names import all_names, by_names, is_picture, meanings

READERS = {reader.NAME: reader for reader in (yolo, kaggle_fall, class_folders, le2i_frames)}

__all__ = ["LOOK", "READERS", "all_names", "by_names", "is_picture", "meanings", "with_looks"]
