"""The exact versions that run here, so that a Space gets the same."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from featherfall.core.errors import UserError

SPACE = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix", "python_version": "3.11"}


def pins(package: str, extras: Sequence[str]) -> list[str]:
    """ "name==version" of everything that the package needs with these extras on a Space, itself left out, by name.

    Versions are those installed here; what is not installed here though a Space needs it (another platform's part) is left to pip.
    Raises: `UserError` where one of the package's own requirements is not installed.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = metadata.metadata(package).get_all("Provides-Extra") or []
    for extra in extras:
        if extra not in known:
            raise UserError(f"the {package} installed here does not know the extra {extra!r}; install it again")
    found: dict[str, str] = {}
    waiting = [(package, frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for text in metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is not None and not any(need.marker.evaluate({**SPACE, "extra": extra}) for extra in wanted or {""}):
                continue
            try:
                version = metadata.version(need.name)
            except metadata.PackageNotFoundError:
                if name == package:
                    raise UserError(
                        f"{need.name} is not installed here, so its version is unknown; pip install '{package}[{','.join(extras)}]'"
                    ) from None
                continue
            found[canonicalize_name(need.name)] = version
            waiting.append((need.name, frozenset(need.extras)))
    return [f"{name}=={version}" for name, version in sorted(found.items())]
