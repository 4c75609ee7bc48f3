"""Links of the pages outside the site; `mkdocs build --strict` checks those of the site."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import ROOT

import featherfall

LINK = re.compile(r"(?:\]\(|src(?:set)?=\")(?!https?:)([^)\"#\s]+)(#[\w-]+)?")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "benchmarks/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        file = path.parent / target
        assert file.is_file() or file.is_dir(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[1:] in {re.sub(r"[^\w]+", "-", one.lower()).strip("-") for one in headings}, f"{page}: {target}{anchor}"


def test_python_page_lists_the_public_face() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    listed = re.search(r"members: \[(.*)\]", page)
    assert listed and set(listed[1].split(", ")) == set(featherfall.__all__) - {"datasets", "losses"}  # these have pages of their own


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 110
