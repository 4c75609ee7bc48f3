"""One registry: names are read without importing, plugins cannot bring the house down."""

import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import pydantic
import pytest

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.registry import PluginKind, catalogue, facts, find, known_names, problems, register, registered


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose modules register losses, in place of featherfall's own."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "one.py").write_text(
        "from featherfall.core.registry import register\n\n"
        '@register("loss", "one", equal_width=True)\ndef one(a, b):\n    """Sum of both.\n\n    More."""\n    return a + b\n\n'
        '@register("model", "other")\nclass Other:\n    pass\n'
    )
    (folder / "heavy.py").write_text('import no_such_library\n\n@register("loss", "heavy")\ndef heavy(): ...\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.KINDS, "loss", PluginKind("house", "house.losses", "train"))
    monkeypatch.setattr(registry, "_objects", {})
    monkeypatch.setattr(registry, "_own", {})
    registry._built_in.cache_clear()
    registry._plugins.cache_clear()
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] in ("house", "theirs")]:
        del sys.modules[name]
    registry._built_in.cache_clear()
    registry._plugins.cache_clear()


def plug(monkeypatch: pytest.MonkeyPatch, folder: Path, **modules: str) -> None:
    """Entry points of a group, each leading to a module of the text given."""
    points = []
    for name, text in modules.items():
        module = f"theirs_{name}"
        (folder.parent / f"{module}.py").write_text(text)
        points.append(metadata.EntryPoint(name.removesuffix("_"), module, "house.losses"))
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point for point in points if point.group == group])


def test_names_facts_and_summaries_need_no_import(house: Path) -> None:
    assert known_names("loss") == ("heavy", "one")
    assert "house.one" not in sys.modules
    (entry,) = [entry for entry in catalogue("loss") if entry.name == "one"]
    assert (entry.summary, entry.origin) == ("Sum of both.", "house.one")
    assert facts("loss", "one") == {"equal_width": True}
    assert "house.one" not in sys.modules


def test_a_name_becomes_its_object(house: Path) -> None:
    assert find("loss", "one")(1, 2) == 3
    assert find("loss", "one") is find("loss", "one")


def test_an_unknown_name_gets_the_nearest_one(house: Path) -> None:
    with pytest.raises(UserError, match=r"^recipe.yaml: unknown loss 'ome'; did you mean 'one'\?"):
        find("loss", "ome", "recipe.yaml")


def test_case_and_dashes_do_not_matter(house: Path) -> None:
    @register("loss", "two-words")
    class TwoWords: ...

    assert find("loss", "TWO_words") is TwoWords and TwoWords.name == "two-words"
    assert pydantic.TypeAdapter(Annotated[str, registered("loss")]).validate_python("Two_Words") == "two-words"


def test_an_absent_extra_is_named(house: Path) -> None:
    with pytest.raises(UserError, match=r"loss 'heavy' cannot be imported .*no_such_library.*pip install 'featherfall\[train\]'"):
        find("loss", "heavy")


def test_what_a_notebook_registers_is_there_at_once(house: Path) -> None:
    @register("loss", "mine", note=1)
    def mine() -> int:
        """Seven."""
        return 7

    assert "mine" in known_names("loss") and find("loss", "mine")() == 7 and facts("loss", "mine") == {"note": 1}
    register("loss", "mine")(mine)  # a cell that runs again
    with pytest.raises(UserError, match=r"loss 'mine' is registered by both .*; give one another name"):
        register("loss", "mine")(lambda: 8)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UserError, match="unknown kind 'los'; did you mean 'loss'"):
        register("los", "x")


def test_a_plugin_takes_part(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'from featherfall.core.registry import register\n@register("loss", "theirs", a=2)\ndef theirs():\n    "Five."\n    return 5\n'
    plug(monkeypatch, house, theirs=text)
    assert "theirs" in known_names("loss") and "theirs_theirs" not in sys.modules
    assert [entry.summary for entry in catalogue("loss") if entry.name == "theirs"] == [""]
    assert find("loss", "theirs")() == 5 and catalogue("loss")[-1].summary == "Five." and facts("loss", "theirs") == {"a": 2}
    assert sum(entry.name == "theirs" for entry in catalogue("loss")) == 1


def test_a_plugin_that_fails_is_named_and_the_rest_goes_on(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, house, broken="1 / 0\n", silent="", leaving="raise SystemExit(3)")
    assert find("loss", "one")(1, 1) == 2
    with pytest.raises(UserError, match=r"loss 'broken': plugin theirs_broken cannot be imported \(ZeroDivisionError: division by zero\)"):
        find("loss", "broken")
    with pytest.raises(UserError, match="theirs_silent does not register it"):
        find("loss", "silent")
    assert set(problems()) == {("loss", "broken"), ("loss", "silent"), ("loss", "leaving")}


def test_two_of_one_name_are_refused_when_used(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, house, one="", two_="", two="")
    with pytest.raises(UserError, match=r"loss 'one' comes from both house.one and theirs_one; uninstall one"):
        find("loss", "one")
    with pytest.raises(UserError, match="loss 'two' comes from both"):
        find("loss", "two")


def test_a_schema_takes_registered_names_only(house: Path) -> None:
    adapter = pydantic.TypeAdapter(Annotated[str, registered("loss")])
    assert adapter.validate_python("one") == "one"
    with pytest.raises(pydantic.ValidationError, match="unknown loss; did you mean 'one'"):
        adapter.validate_python("onee")


def test_a_schema_refuses_a_plugin_that_cannot_be_used(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, house, broken="1 / 0\n", one="")
    adapter = pydantic.TypeAdapter(Annotated[str, registered("loss")])
    with pytest.raises(pydantic.ValidationError, match="plugin theirs_broken cannot be imported"):
        adapter.validate_python("broken")
    with pytest.raises(pydantic.ValidationError, match=r"comes from both house.one and theirs_one"):
        adapter.validate_python("one")
    assert adapter.validate_python("heavy") == "heavy"  # built in, and not imported
