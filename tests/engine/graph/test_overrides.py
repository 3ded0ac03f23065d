"""Methods lead to those they take the place of, and calls know of it."""

from pathlib import Path

from tests.engine.graph.small import confidences

TREE = {
    "a.py": "class Base:\n    def run(self): ...\n    def stay(self): ...\nclass Middle(Base): ...\n",
    "b.py": "from a import Middle\nclass Child(Middle):\n    def run(self): ...\n    def own(self): ...\n",
    "c.py": (
        "from a import Base\ndef go(b: Base):\n    b.run()\n    b.stay()\n\ndef made():\n    b = Base()\n    b.run()\n"
    ),
}


def test_a_method_leads_to_the_nearest_it_overrides(tmp_path: Path) -> None:
    assert confidences(tmp_path, TREE, "Child.run", "overrides") == {"a.py:Base.run": "certain"}
    assert confidences(tmp_path, TREE, "Child.own", "overrides") == {}


def test_a_call_of_what_subtypes_override_is_likely(tmp_path: Path) -> None:
    assert confidences(tmp_path, TREE, "go") == {"a.py:Base.run": "likely", "a.py:Base.stay": "certain"}


def test_an_instance_made_here_has_no_subtype(tmp_path: Path) -> None:
    assert confidences(tmp_path, TREE, "made")["a.py:Base.run"] == "certain"


def test_an_interface_counts_as_a_base(tmp_path: Path) -> None:
    files = {"a.ts": "export interface Runs { run(): void }\nexport class R implements Runs { run() {} }\n"}
    assert confidences(tmp_path, files, "R.run", "overrides") == {"a.ts:Runs.run": "certain"}
    assert confidences(tmp_path, files, "R", "inherits") == {"a.ts:Runs": "certain"}
