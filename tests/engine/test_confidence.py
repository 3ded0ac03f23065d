"""How sure an edge is: what an import leads to, what is inherited, and what only shares a name."""

from pathlib import Path

from tests.engine.trees import edges_from, snapshot_of


def test_a_name_from_outside_leads_nowhere(tmp_path: Path) -> None:
    files = {
        "a.py": "from json import dumps\n\n\ndef f():\n    return dumps(1)\n",
        "b.py": "def dumps(x):\n    return x\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "f") == {}


def test_a_member_of_an_unknown_thing_is_a_guess(tmp_path: Path) -> None:
    files = {
        "a.py": "def f(thing):\n    return thing.settle()\n",
        "b.py": "class Bill:\n    def settle(self):\n        pass\n",
    }
    assert edges_from(snapshot_of(tmp_path, files), "f")["Bill.settle"].confidence == "guess"


def test_a_name_of_many_types_says_nothing(tmp_path: Path) -> None:
    files = {f"m{i}.py": f"class C{i}:\n    def run(self):\n        pass\n" for i in range(9)}
    files["use.py"] = "def f(thing):\n    return thing.run()\n"
    assert edges_from(snapshot_of(tmp_path, files), "f") == {}
