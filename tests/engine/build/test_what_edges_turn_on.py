"""Edges of a file that turn on what it neither imports nor names: the build on the snapshot before finds them, too."""

from pathlib import Path

import pytest

from repos.engine import build_snapshot
from repos.engine.build import affected, incremental
from tests.engine.trees import MemoryTree

PADDING = {f"pad{number}.py": f"def pad{number}(): pass\n" for number in range(3)}
ROOT = "class Root:\n    def run(self):\n        return self.step()\n\n    def step(self):\n        return 1\n"
USE_ROOT = "from root import Root\n\n\ndef go():\n    it = Root()\n    it.run()\n"
# What a change is about: the files, the path of the changed one, the text there and what it becomes.
CHANGES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "a base is imported from elsewhere": (
        {
            "base.py": ROOT,
            "leaf.py": "from base import Root\n\nclass Leaf(Root):\n    def step(self):\n        return 2\n",
            "app.py": "from leaf import Leaf\n\nclass App(Leaf):\n    def main(self):\n        self.run()\n",
        },
        *("leaf.py", "from base", "from fresh"),
    ),
    "what makes an instance callable": (
        {
            "a.py": "class A:\n    def __call__(self):\n        return 1\n",
            "b.py": "from a import A\n\n\ndef go():\n    it = A()\n    it()\n",
        },
        *("a.py", "def __call__", "def other"),
    ),
    "a module reached through its package, two steps on": (
        {
            "pkg/__init__.py": "",
            "pkg/sub.py": (
                "class R:\n    def run(self): pass\n\nclass S:\n    def run(self): pass\n\n"
                "def make():\n    return R()\n"
            ),
            "k.py": "import pkg\n\n\ndef build():\n    return pkg.sub.make()\n",
            "x.py": "import k\n\n\ndef go():\n    k.build().run()\n",
        },
        *("pkg/sub.py", "return R()", "return S()"),
    ),
    "a base that is guessed": (
        {
            "root.py": ROOT,
            "leaf.py": "def give(it):\n    class Leaf(it.Root):\n        def step(self): return 2\n    return Leaf\n",
            "use.py": USE_ROOT,
        },
        *("root.py", "class Root", "class Other"),
    ),
    "an override in another opening of a Ruby class": (
        {
            "root.rb": "class Root\n  def run\n    step\n  end\n  def step\n    1\n  end\nend\n",
            "leaf.rb": "class Leaf < Root\nend\n",
            "more.rb": "class Leaf\n  def step\n    2\n  end\nend\n",
        },
        *("leaf.rb", " < Root", ""),
    ),
    "an override in another part of a C# class": (
        {
            "Root.cs": (
                "namespace N;\nclass Root {\n  public virtual int Step() { return 1; }\n"
                "  int Run() { return this.Step(); }\n}\n"
            ),
            "Leaf.cs": "namespace N;\npartial class Leaf : Root {\n}\n",
            "More.cs": "namespace N;\npartial class Leaf {\n  public override int Step() { return 2; }\n}\n",
        },
        *("Leaf.cs", " : Root", ""),
    ),
    "an override outside of a C++ class": (
        {
            "root.h": (
                "class Root {\npublic:\n  virtual int step() { return 1; }\n  int run() { return this->step(); }\n};\n"
            ),
            "leaf.h": '#include "root.h"\nclass Leaf : public Root {\npublic:\n  int go();\n};\n',
            "leaf.cpp": '#include "leaf.h"\nint Leaf::step() { return 2; }\n',
        },
        *("leaf.h", " : public Root", ""),
    ),
    "an override in another block of a Rust type": (
        {
            "src/lib.rs": "pub mod a;\npub mod b;\n",
            "src/a.rs": "pub trait Root { fn step(&self) -> i32 { 1 }\n fn run(&self) -> i32 { self.step() } }\n",
            "src/b.rs": "use crate::a::Root;\npub struct Leaf;\nimpl Root for Leaf {\n}\n",
            "src/c.rs": "use crate::b::Leaf;\nimpl Leaf { fn step(&self) -> i32 { 2 } }\n",
        },
        *("src/b.rs", "impl Root for", "impl"),
    ),
    "a Go interface that is met, and nothing of it changed": (
        {
            "go.mod": "module m\n",
            "a.go": (
                "package m\n\ntype I interface {\n\tStep() int\n\tRun() int\n}\n\nfunc Use(i I) { i.Step(); i.Run() }\n"
            ),
            "b.go": (
                "package m\n\ntype T struct{}\n\n"
                "func (t T) Step() int { return 1 }\nfunc (t T) Run() int { return 1 }\n"
            ),
            "c.go": "package m\n\nfunc C() { Use(T{}) }\n",
            "d.go": "package m\n\nfunc D(i I) { C(); i.Step() }\n",
        },
        *("d.go", "{ C();", "{ C(); C();"),
    ),
    "a Java package that comes to be": (
        {
            "a/A.java": "package a;\npublic class A { void m() {} }\n",
            "b/B.java": "package b;\nimport a.*;\nimport c.*;\nclass B { void go() { A it = new A(); it.m(); } }\n",
            "c/C.java": "package d;\npublic class C {}\n",
        },
        *("c/C.java", "package d", "package c"),
    ),
}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("about", CHANGES)
def test_a_change_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about: str, back: bool) -> None:
    monkeypatch.setattr(incremental, "LEAST_KEPT", 0.0)
    monkeypatch.setattr(affected, "MOST_AGAIN", 1.0)
    files, path, old, new = CHANGES[about]
    assert old in files[path]
    before, after = {**PADDING, **files}, {**PADDING, **files, path: files[path].replace(old, new)}
    if back:
        before, after = after, before
    build_snapshot(MemoryTree(before), path=tmp_path / "base", commit="c")
    build_snapshot(MemoryTree(after), path=tmp_path / "on", commit="c", base=tmp_path / "base")
    build_snapshot(MemoryTree(after), path=tmp_path / "cold", commit="c")
    assert (tmp_path / "on").read_bytes() == (tmp_path / "cold").read_bytes()
