"""The field that a file is chosen in, and what Gradio may do with files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import gradio as gr
from gradio import processing_utils
from gradio.blocks import Block
from gradio.data_classes import FileData, ListFiles


def send_again(field: str, position: int) -> str:
    """Return a script for an event that sends a field's file again: the server has removed it after its use, the browser still has it.

    Arguments:
        field: the field's `elem_id`. position: of the file among the event's inputs.
    """
    return f"(...given) => window.featherfall.sendAgain({field!r}, {position}, given)"


def keep_gradio_from_writing() -> None:
    """Keep Gradio from writing files of its own, which have no limit and are not removed.

    For each event, a `gr.File` makes an empty file, refuses unknown types without removing the upload, and remembers the path for ever; any
    component fetches an address that a client names in place of an uploaded file. The class itself is changed: Gradio makes new components
    of its class while a page is open, and writes a file beside the source of each class that is derived from one.
    """
    gr.File.preprocess = _path_of  # type: ignore[method-assign]
    gr.File.move_resource_to_block_cache = _unmoved  # type: ignore[method-assign]
    gr.File.async_move_resource_to_block_cache = _unmoved_later  # type: ignore[method-assign]
    processing_utils.async_ssrf_protected_download = _refuse_later
    processing_utils.ssrf_protected_download = processing_utils.save_url_to_cache = _refuse


def _path_of(self: gr.File, payload: ListFiles | FileData | None) -> Any:
    file = payload.root[0] if isinstance(payload, ListFiles) else payload
    return None if file is None else file.path


def _unmoved(self: Block, url_or_file_path: str | Path | None) -> str | None:
    """Return the path unchanged: Gradio has checked that the file lies among the uploads."""
    return None if url_or_file_path is None else str(url_or_file_path)


async def _unmoved_later(self: Block, url_or_file_path: str | Path | None) -> str | None:
    return _unmoved(self, url_or_file_path)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise ValueError("files are uploaded, not fetched")


async def _refuse_later(*_: object, **__: object) -> NoReturn:
    _refuse()
