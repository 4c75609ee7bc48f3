"""Pin the versions installed here, so that a Space gets the same."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from featherfall.core.errors import UserError

# Environment markers of a Space: Docker image of `space._PYTHON` on x86.
_SPACE = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix", "python_version": "3.11"}


def pins(package: str, extras: Sequence[str]) -> list[str]:
    """Return "name==version" of all dependencies of the package with these extras on a Space, sorted by name.

    Versions are those installed here; a dependency of a dependency that is not installed here (another platform's) is left to pip.
    Raises: `UserError` where one of the package's own requirements is not installed.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = metadata.metadata(package).get_all("Provides-Extra") or []
    for extra in extras:
        if extra not in known:
            raise UserError(f"the {package} installed here has no extra {extra!r}; install it again")
    found: dict[str, str] = {}
    waiting = [(package, frozenset(extras))]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        for text in metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is not None and not any(need.marker.evaluate({**_SPACE, "extra": extra}) for extra in wanted or {""}):
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
