"""A certificate authority of one's own, and a certificate of this machine that it has signed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = shutil.which("openssl")
NO_OPENSSL = "openssl is not installed (apt-get install openssl)"


@dataclass(frozen=True)
class Certificates:
    """ca: that clients trust. certificate, key: of the server. other_ca: that has signed nothing."""

    ca: Path
    certificate: Path
    key: Path
    other_ca: Path


def make_certificates(folder: Path) -> Certificates:
    """Write them; the certificate is for localhost and 127.0.0.1."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key", folder / "other.pem")
    for path in (names.ca, names.other_ca):
        _run("req", "-x509", *curve, "-keyout", path.with_suffix(".key"), "-out", path, "-subj", f"/CN={path.stem}")
    request = folder / "server.csr"
    _run(
        "req",
        *curve,
        "-keyout",
        names.key,
        "-out",
        request,
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    )
    signer = ["-CA", names.ca, "-CAkey", names.ca.with_suffix(".key"), "-CAcreateserial", "-copy_extensions", "copy"]
    _run("x509", "-req", "-in", request, *signer, "-days", "2", "-out", names.certificate)
    return names


def _run(*words: object) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *map(str, words)], check=True, capture_output=True)
