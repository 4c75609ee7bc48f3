"""Libraries that only tables and plots need, imported when one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from featherfall.core.errors import UserError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


def data_frame(columns: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return a DataFrame of columns by name, or of rows; raises `UserError` without pandas."""
    try:
        import pandas
    except ImportError:
        raise UserError("to_frame() needs pandas; pip install 'featherfall[notebook]'") from None
    return pandas.DataFrame(columns)


def axes(ax: Axes | None, width: float = 8.0, height: float = 2.6) -> Axes:
    """Return `ax`, or the axes of a new figure (inches); raises `UserError` without matplotlib."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise UserError("plot() needs matplotlib; pip install 'featherfall[notebook]'") from None
        _, ax = pyplot.subplots(figsize=(width, height), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax
