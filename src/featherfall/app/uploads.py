"""Receive uploads: one file at a time, counted as it arrives, removed at once where it does not arrive whole."""

from __future__ import annotations

import asyncio
import errno
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from gradio_client.utils import strip_invalid_filename_characters  # type: ignore[import-untyped]
from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from featherfall.app.gate import UPLOAD_PATH
from featherfall.app.media import MediaStore, StorageFull
from featherfall.app.peers import address_key
from featherfall.core.errors import UserError

_PROGRESS_S = 0.2  # between two reports to the page


class BadForm(UserError):
    """The body is not a form with one file."""

    def __init__(self) -> None:
        super().__init__("Send one file, as a form (multipart/form-data).")


@dataclass
class _Arriving:
    """An upload that arrives, for its progress in the page. size: bytes so far; reported: of them."""

    name: str = ""
    size: int = 0
    reported: int = 0


@dataclass
class FormFile:
    """The one file of a form, parsed piece by piece. pieces: what of it has arrived and was not written yet."""

    boundary: bytes
    name: str | None = None
    pieces: list[bytes] = field(default_factory=list)
    whole: bool = False
    _header: bytes = b""
    _value: bytes = b""
    _is_file: bool = False

    def __post_init__(self) -> None:
        try:
            self._parser = self._open()
        except FormParserError:  # a boundary that is too long
            raise BadForm from None

    def _open(self) -> MultipartParser:
        return MultipartParser(
            self.boundary,
            {
                "on_header_field": self._on_header,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def write(self, data: bytes) -> None:
        """Parse the next piece of the body. Raises: `BadForm`."""
        try:
            self._parser.write(data)
        except MultipartParseError:
            raise BadForm from None

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            if b"filename" in options:
                if self.name is not None:
                    raise BadForm
                self.name, self._is_file = _file_name(options[b"filename"].decode("utf-8", "replace")), True
        self._header = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        self._is_file = False

    def _on_end(self) -> None:
        self.whole = True


def _file_name(text: str) -> str:
    """Return the name of an uploaded file without folders and characters that a file system may refuse."""
    name: str = strip_invalid_filename_characters(text.replace("\\", "/").rpartition("/")[2])
    return name if name.strip(". ") else "file"


def add_uploads(outer: FastAPI, store: MediaStore) -> None:
    """Add the routes of uploads, in place of Gradio's.

    Gradio keeps a file that was sent in part, and puts equal files of two users in one place, so that neither could be removed.
    """
    arriving: dict[str, _Arriving] = {}

    @outer.post(UPLOAD_PATH)
    async def upload(request: Request, upload_id: str = "") -> Response:
        progress = _Arriving()
        if upload_id:
            arriving[upload_id] = progress
        try:
            path = await _receive(request, store, progress)
        except StorageFull as error:
            return PlainTextResponse(str(error), 507)
        except BadForm as error:
            return PlainTextResponse(str(error), 400)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            return PlainTextResponse("the disk of this app is full; try again later", 507)
        finally:
            if arriving.get(upload_id) is progress:
                del arriving[upload_id]
        return JSONResponse([str(path)])

    @outer.get(f"{UPLOAD_PATH}_progress")
    async def upload_progress(upload_id: str) -> Response:
        return StreamingResponse(_reports(arriving, upload_id), media_type="text/event-stream")


async def _receive(request: Request, store: MediaStore, progress: _Arriving) -> Path:
    """Write the file of a form to a folder of its own; return it.

    The folder is removed where anything goes wrong, the client's leaving included.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadForm
    form = FormFile(options[b"boundary"])
    folder = store.new_upload(address_key(request.client.host if request.client else ""))
    file: BinaryIO | None = None
    try:
        async for data in request.stream():
            form.write(data)
            if form.name is None:
                continue
            if file is None:
                progress.name = form.name
                file = await run_in_threadpool(open, folder / form.name, "xb")
            pieces = b"".join(form.pieces)
            form.pieces.clear()
            store.grow(folder, len(pieces))
            await run_in_threadpool(file.write, pieces)
            progress.size += len(pieces)
        if file is None or not form.whole:
            raise BadForm
        await run_in_threadpool(file.close)
    except BaseException:
        if file is not None:
            file.close()
        store.remove(folder)
        raise
    return folder / str(form.name)


async def _reports(arriving: dict[str, _Arriving], upload_id: str) -> AsyncIterator[str]:
    """Yield the progress of an upload as the page expects it, until it has arrived."""
    began = time.monotonic()
    while upload_id not in arriving and time.monotonic() - began < 3:
        await asyncio.sleep(_PROGRESS_S)
    while (one := arriving.get(upload_id)) is not None:
        if one.size > one.reported:
            news = {"msg": "update", "orig_name": one.name, "chunk_size": one.size - one.reported}
            one.reported = one.size
            yield f"data: {json.dumps(news)}\n\n"
        await asyncio.sleep(_PROGRESS_S)
    yield 'data: {"msg": "done"}\n\n'
