"""Push files to a hub that speaks Hugging Face's HTTP API, in one commit, and fetch bundles from it, through huggingface_hub."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder
from featherfall.publish.card import model_card
from featherfall.publish.offer import Offer, write_bundle_files
from featherfall.runtime.bundle import read_manifest

_ENDPOINT = "https://huggingface.co"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
RepositoryType = Literal["model", "space"]


def write_model(offer: Offer, licence: str, out: Path, repository: str = "OWNER/NAME", credits: Sequence[str] = ()) -> list[Path]:
    """Write the files of a model repository, all or none: README.md (the card), the bundle, its run's metrics.

    Returns: the files, relative to `out`.
    """
    with atomic_folder(out) as folder:
        write_bundle_files(offer, folder)
        (folder / "README.md").write_text(model_card(offer, licence, repository, credits), encoding="utf-8")
        return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())


def push(
    folder: Path,
    repository: str,
    repository_type: RepositoryType,
    *,
    token: str | None,
    private: bool = False,
    update: bool = False,
    endpoint: str | None = None,
) -> str:
    """Create the repository and put all files of `folder` there in one commit, all or none.

    Arguments:
        repository: "OWNER/NAME".
        token: with write access; None takes $HF_TOKEN, else the one stored by `hf auth login`.
        update: overwrite an existing repository, which is refused otherwise.
        endpoint: another hub than huggingface.co; None takes $HF_ENDPOINT.
    Returns: the repository's address. Raises: `UserError`.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise UserError(f"--repo {repository!r}: write it as OWNER/NAME, e.g. anna/falls-on-a-wrist")
    hub = _library("pushing")
    token = token or hub.get_token()
    if not token:
        raise UserError("no token: set HF_TOKEN, give --token, or call `hf auth login`; https://huggingface.co/settings/tokens makes one")
    api = hub.HfApi(endpoint=endpoint, token=token)
    with _user_errors(repository, api.endpoint, "created nothing"):
        sdk = "docker" if repository_type == "space" else None
        url = api.create_repo(repository, repo_type=repository_type, private=private, space_sdk=sdk, exist_ok=update)
    left = "changed nothing" if update else "left the new repository empty (delete it, or push again with --update)"
    with _user_errors(repository, api.endpoint, left):
        api.upload_folder(repo_id=repository, repo_type=repository_type, folder_path=folder, commit_message="From featherfall")
    return str(url)


def fetch(address: str, *, endpoint: str | None = None) -> Path:
    """Return the folder of a bundle on the hub, from the hub's cache, or downloaded into it.

    Arguments:
        address: "OWNER/NAME", or "OWNER/NAME@REVISION" (branch, tag or commit).
        endpoint: another hub than huggingface.co; None takes $HF_ENDPOINT.
    Raises: `UserError`, one line. The files' digests are checked when the bundle is opened (`runtime.load_bundle`).
    """
    repository, revision = split_address(address)
    hub = _library("hf://")
    endpoint = endpoint or os.environ.get("HF_ENDPOINT") or _ENDPOINT

    def get(name: str) -> Path:
        with _user_errors(f"hf://{address}", endpoint, "fetched nothing", "download"):
            return Path(hub.hf_hub_download(repository, name, revision=revision or None, endpoint=endpoint))

    folder = get("manifest.json").parent
    for name in read_manifest(folder).sha256:
        get(name)  # the manifest's check refuses names of files outside the folder
    return folder


def split_address(address: str) -> tuple[str, str]:
    """Return OWNER/NAME and the revision, or "", of a bundle's address. Raises: `UserError`."""
    repository, _, revision = address.partition("@")
    if not _REPOSITORY.fullmatch(repository):
        raise UserError(f"hf://{address}: write it as hf://OWNER/NAME, e.g. hf://anna/falls-on-a-wrist")
    return repository, revision


def _library(what: str) -> Any:
    """Return huggingface_hub without progress bars; raise `UserError` where it is not installed. what: needs it."""
    try:
        import huggingface_hub
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]
    except ModuleNotFoundError:
        raise UserError(f"{what} needs huggingface_hub; pip install 'featherfall[publish]'") from None
    disable_progress_bars()
    huggingface_hub.constants.HF_HUB_DISABLE_XET = True  # a bundle is small: plain transfers suffice
    return huggingface_hub


@contextlib.contextmanager
def _user_errors(repository: str, endpoint: str, left: str, transfer: str = "upload") -> Iterator[None]:
    """Turn errors of the hub into a `UserError`. left: state that the failure leaves behind."""
    from huggingface_hub import errors

    offline: Any = errors.HTTPError  # type: ignore[attr-defined]  # of the HTTP library in use, whichever it is
    mend = {"upload": "Go online, or write the files only, with --out DIR", "download": "Go online, or give a bundle's folder"}[transfer]
    try:
        yield
    except errors.HfHubHTTPError as error:
        raise UserError(f"{repository}: {_refusal(error.response.status_code, error.server_message)}; {left}") from error
    except (offline, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise UserError(f"{endpoint}: no answer ({_first_line(error)}); {left}. {mend}") from error
    except (RuntimeError, ValueError, OSError) as error:  # an interrupted transfer, an invalid response
        raise UserError(f"{repository}: the {transfer} failed ({_first_line(error.__cause__ or error)}); {left}") from error


def _refusal(status: int, message: str | None) -> str:
    known = {
        401: "the token is not accepted (401); make a new one that may write: https://huggingface.co/settings/tokens",
        402: "the hub wants a paid plan for this (402); Spaces that compute need one",
        403: "the token may not write there (403); give it write access, or take another OWNER",
        404: "not found (404), or hidden from this token; check OWNER/NAME",
        409: "exists already (409); give another NAME, or add --update to overwrite it",
        413: "too large for the hub (413)",
        429: "too many requests (429); wait a while",
    }
    reason = f" ({message.splitlines()[0]})" if message and status not in known else ""
    return known.get(status, f"the hub answered {status}{reason}")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
