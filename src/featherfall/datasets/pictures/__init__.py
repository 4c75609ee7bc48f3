"""Still pictures: YOLO folders, the Kaggle set, class folders, frames of films; a picture is a film of one picture."""

from .alike import LOOK, with_looks
from .names import all_names, by_names, is_picture, meanings

__all__ = ["LOOK", "all_names", "by_names", "is_picture", "meanings", "with_looks"]
