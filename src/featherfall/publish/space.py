"""The files of a Hugging Face Space that shows the app with one bundle: a Docker image without torch, port 7860.

Front matter: https://huggingface.co/docs/hub/spaces-config-reference. The container runs as user 1000 and listens on `app_port`
(https://huggingface.co/docs/hub/spaces-sdks-docker).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from featherfall.core.files import atomic_folder
from featherfall.core.manifest import BundleKind
from featherfall.core.text import in_markdown
from featherfall.publish.card import training_data_note
from featherfall.publish.front_matter import with_front_matter
from featherfall.publish.offer import Offer, write_bundle_files
from featherfall.publish.pins import pins
from featherfall.publish.wheel import NAME, write_wheel
from featherfall.runtime.perceive.weights import KNOWN

PORT = 7860
EXTRAS = ("app", "camera")
_PYTHON = "3.11-slim-bookworm"
_MAX_DESCRIPTION = 60  # characters, the Hub's limit
_HEALTH_CHECK = (
    f"import http.client as h; c = h.HTTPConnection('127.0.0.1', {PORT}, timeout=5); c.request('GET', '/login'); "
    "exit(c.getresponse().status >= 500)"
)
_INPUT_TEXTS: dict[BundleKind, str] = {
    "window": "a watch's motion (CSV)",
    "keypoints": "a film",
    "film": "a film",
    "picture": "a picture",
    "detector": "a picture",
}
_ESTIMATOR = KNOWN["movenet_lightning_int8"]


def write_space(offer: Offer, licence: str, out: Path) -> list[Path]:
    """Write the Space's files, all or none: README.md, Dockerfile, requirements.txt, the package as a wheel, bundle/.

    Returns: the files, relative to `out`. Raises: `UserError`.
    """
    requirements = pins(NAME, EXTRAS)
    with atomic_folder(out) as folder:
        wheel = write_wheel(folder)
        write_bundle_files(offer, folder / "bundle")
        _write(folder / "requirements.txt", [f"./{wheel.name}[{','.join(EXTRAS)}]", *requirements])
        _write(folder / "Dockerfile", [dockerfile(wheel.name)])
        _write(folder / "README.md", [readme(offer, licence)])
        return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())


def readme(offer: Offer, licence: str) -> str:
    """Return the Space's README.md."""
    name = offer.manifest.name.replace("_", " ")
    values = {
        "title": f"featherfall: {name}",
        "emoji": "\N{FEATHER}",
        "colorFrom": "indigo",
        "colorTo": "green",
        "sdk": "docker",
        "app_port": PORT,
        "license": licence,
        "short_description": f"Falls found in {_input_text(offer)}, on a CPU"[:_MAX_DESCRIPTION],
        "tags": ["fall-detection", "onnx", *(["simulated-data"] if offer.simulated else [])],
    }
    text = f"""# featherfall: {in_markdown(name)}

Upload {_input_text(offer)}; it shows when somebody fell, and how sure it is.

{training_data_note(offer)} This is research software, not a medical device.

To enter, open the Space at its own address (in its menu: "Embed this Space", "Direct URL") and give the token: the Space's secret
`FEATHERFALL_APP_TOKEN`, which its owner sets (12 characters at least); without one, the Space generates a token and prints it in its log.

Files uploaded to a Space leave your machine: upload only people who have agreed. The same app runs offline at home: `featherfall app`.
"""
    return with_front_matter(values, text)


def _input_text(offer: Offer) -> str:
    return _INPUT_TEXTS[offer.manifest.kind]


def dockerfile(wheel: str) -> str:
    """Return the Dockerfile: Python, the wheel with pinned dependencies, the pose estimator's weights, the bundle, no root."""
    return f"""# The build downloads Python packages and one file of weights (checked by its digest); all else is in this repository.
FROM python:{_PYTHON}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \\
    FEATHERFALL_WEIGHTS=/opt/weights GRADIO_ANALYTICS_ENABLED=False ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1
RUN useradd --create-home --uid 1000 user
ADD --chmod=644 --checksum=sha256:{_ESTIMATOR.sha256} {_ESTIMATOR.url} /opt/weights/{_ESTIMATOR.file}
WORKDIR /app
COPY requirements.txt {wheel} ./
RUN pip install --requirement requirements.txt
COPY bundle bundle
USER 1000
EXPOSE {PORT}
HEALTHCHECK --start-period=60s CMD ["python", "-c", "{_HEALTH_CHECK}"]
CMD ["featherfall", "app", "bundle", "--host", "0.0.0.0", "--port", "{PORT}", "--behind-proxy", "10.0.0.0/8"]
"""


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
