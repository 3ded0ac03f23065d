"""The call or mention at an edge, as it is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repos.engine import edges_of, search_symbols
from repos.engine.graph.expression import LONGEST, expression, statement
from tests.engine.trees import PATIENT, snapshot_of

CASES = {
    "x = |foo(1, 2) + 3": "foo(1, 2)",
    "self.client.|get(url)[0]": "self.client.get(url)",
    "a.make( b ).|run ()": "a.make( b ).run ()",
    "return await session\n    .open()\n    .|read(\n  1,\n 2)": "session .open() .read( 1, 2)",
    "x?.|y": "x?.y",
    "Foo::bar::<T>(1).|baz()": "Foo::bar::<T>(1).baz()",
    "new Map<string, |Client>()": "Client",
    "make|Client<Foo>(a)": "Client<Foo>(a)",
    "(a + b).|run()": "(a + b).run()",
    "p->q->|r(1)": "p->q->r(1)",
    "...|rest": "rest",
    "list[0].|run(')')": "list[0].run(')",
    "|": "",
    "|(": "",
}


@pytest.mark.parametrize("marked", CASES)
def test_expressions(marked: str) -> None:
    at = marked.index("|")
    assert expression(marked.replace("|", "", 1).encode(), len(marked[:at].encode())) == CASES[marked]


@PATIENT
@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_bytes_give_some_text(data: bytes, at: int) -> None:
    for text in (expression(data, min(at, len(data))), statement(data)):
        assert len(text) <= LONGEST
        assert "\n" not in text


@PATIENT
@given(st.text("ab.()[]{} \n", max_size=300), st.integers(0, 300))
def test_brackets_anyhow(text: str, at: int) -> None:
    assert len(expression(text.encode(), min(at, len(text)))) <= LONGEST


def test_long_calls_are_cut() -> None:
    assert len(expression(b"f(" + b"x, " * 5000 + b")", 0)) == LONGEST


def test_an_edge_knows_its_place_and_text(tmp_path: Path) -> None:
    code = "class A:\n    def run(self, x): ...\n\n\ndef go(a: A):\n    é = (a\n        .run(\n            2))\n"
    snapshot = snapshot_of(tmp_path, {"a.py": code, "b.py": "from a import (\n    go,\n)\n"})
    go = next(found for found in search_symbols(snapshot, "go") if found.path == "a.py")
    outgoing, incoming = edges_of(snapshot, go.id)
    call = next(edge for edge in outgoing if edge.kind == "calls")
    assert (call.line, call.column, call.expression) == (7, 9, "a .run( 2)")
    assert incoming == []


def test_a_name_far_to_the_right(tmp_path: Path) -> None:
    code = "def run(): ...\ndef go():\n    x = [" + "1, " * 300 + "run()]" + "\n" * 9
    snapshot = snapshot_of(tmp_path, {"a.py": code})
    go = next(found for found in search_symbols(snapshot, "go"))
    (edge,) = edges_of(snapshot, go.id)[0]
    assert (edge.column, edge.expression) == (909, "run()")
