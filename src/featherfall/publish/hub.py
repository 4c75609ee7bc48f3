"""Files pushed to a hub that speaks Hugging Face's HTTP API, in one commit, through huggingface_hub."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder
from featherfall.publish.card import model_card
from featherfall.publish.offer import Offer, write_bundle_files

HUB = "https://huggingface.co"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
Kind = Literal["model", "space"]


def write_model(offer: Offer, licence: str, out: Path, repository: str = "OWNER/NAME", credits: Sequence[str] = ()) -> list[Path]:
    """Write what a model repository holds, all or nothing: README.md (the card), the bundle, its run's figures. Gives the files, relative
    to `out`."""
    with atomic_folder(out) as folder:
        write_bundle_files(offer, folder)
        (folder / "README.md").write_text(model_card(offer, licence, repository, credits), encoding="utf-8")
        return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())


def push(
    folder: Path,
    repository: str,
    kind: Kind,
    *,
    token: str | None,
    private: bool = False,
    update: bool = False,
    endpoint: str | None = None,
) -> str:
    """Create the repository and put all files of `folder` there in one commit: either all of them arrive or none.

    Arguments:
        repository: "OWNER/NAME".
        token: with the right to write; None takes $HF_TOKEN, else what `hf auth login` left.
        update: write over an existing repository; without it an existing one is refused.
        endpoint: another hub than huggingface.co; None takes $HF_ENDPOINT.
    Returns: the repository's address. Raises: `UserError`, one line for each way in which it may fail.
    """
    if not REPOSITORY.fullmatch(repository):
        raise UserError(f"--repo {repository!r}: write it as OWNER/NAME, e.g. anna/falls-on-a-wrist")
    try:
        import huggingface_hub as hub
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]
    except ModuleNotFoundError:
        raise UserError("pushing needs huggingface_hub; pip install 'featherfall[publish]'") from None
    token = token or hub.get_token()
    if not token:
        raise UserError("no token: set HF_TOKEN, give --token, or call `hf auth login`; https://huggingface.co/settings/tokens makes one")
    disable_progress_bars()
    hub.constants.HF_HUB_DISABLE_XET = True  # a bundle is small: plain uploads do
    api = hub.HfApi(endpoint=endpoint, token=token)
    with _one_line(repository, api.endpoint, "created nothing"):
        sdk = "docker" if kind == "space" else None
        url = api.create_repo(repository, repo_type=kind, private=private, space_sdk=sdk, exist_ok=update)
    left = "changed nothing" if update else "left the new repository empty (delete it, or push again with --update)"
    with _one_line(repository, api.endpoint, left):
        api.upload_folder(repo_id=repository, repo_type=kind, folder_path=folder, commit_message="From featherfall")
    return str(url)


@contextlib.contextmanager
def _one_line(repository: str, endpoint: str, left: str) -> Iterator[None]:
    """What goes wrong over there, as a `UserError` that says what is left and the mend."""
    from huggingface_hub import errors

    offline: Any = errors.HTTPError  # type: ignore[attr-defined]  # of the HTTP library in use, whichever it is
    try:
        yield
    except errors.HfHubHTTPError as error:
        raise UserError(f"{repository}: {_refusal(error.response.status_code, error.server_message)}; {left}") from error
    except (offline, errors.OfflineModeIsEnabled) as error:
        raise UserError(
            f"{endpoint}: no answer ({_first_line(error)}); {left}. Go online, or write the files only, with --out DIR"
        ) from error
    except (RuntimeError, ValueError, OSError) as error:  # an upload that broke off, an answer that is none
        raise UserError(f"{repository}: the upload failed ({_first_line(error.__cause__ or error)}); {left}") from error


def _refusal(status: int, message: str | None) -> str:
    known = {
        401: "the token is not accepted (401); make a new one that may write: https://huggingface.co/settings/tokens",
        402: "the hub wants a paid plan for this (402); Spaces that compute need one",
        403: "the token may not write there (403); give it the right to write, or another OWNER",
        404: "not found (404), or hidden from this token; check OWNER/NAME",
        409: "exists already (409); give another NAME, or add --update to write over it",
        413: "too large for the hub (413)",
        429: "too many requests (429); wait a while",
    }
    said = f" ({message.splitlines()[0]})" if message and status not in known else ""
    return known.get(status, f"the hub answered {status}{said}")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
