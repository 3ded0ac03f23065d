"""What the preprocessor puts in a parser's way: branches inside statements, and macros that stand for syntax."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from repos.engine.languages.conditionals import without_conditionals
from repos.engine.languages.declarators import parsable
from tests.engine.trees import PATIENT, snapshot_of, symbols_in

PIECES = st.sampled_from(
    [b"#if A\n", b"#ifdef B \\\n  C\n", b"#elif 1\n", b"#else\n", b"#endif\n", b"#if 0\r\n", b"int f(void) {\n", b"}\n",
     b"API_X int g(int a);\n", b"class API_X C : D {\n", b"BEGIN_X\n", b"x = (1,\n", b"// no\n", b"\xff\xfe", b"\n"]
)  # fmt: skip


@PATIENT
@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_bytes_keep_their_place(source: bytes) -> None:
    for made in (without_conditionals(source), parsable(source)):
        assert len(made) == len(source)
        assert [len(line) for line in made.split(b"\n")] == [len(line) for line in source.split(b"\n")]
        assert all(made[at] in (source[at], 32) for at in range(len(source)))


def test_branches_of_whole_statements_all_stay() -> None:
    source = b"#ifdef A\nint f(void) { return 1; }\n#else\nint f(void);\n#endif\n"
    assert b"".join(without_conditionals(source).split()) == b"intf(void){return1;}intf(void);"


def test_of_branches_inside_a_statement_the_first_stays() -> None:
    source = b"class A : B\n#if X\n  , C\n#else\n  , D\n#endif\n{\n}\n"
    assert b"".join(without_conditionals(source).split()) == b"classA:B,C{}"


def test_what_is_never_compiled_goes() -> None:
    assert without_conditionals(b"#if 0\nint f;\n#else\nint g;\n#endif\n").split() == [b"int", b"g;"]


def test_definitions_survive_macros_and_branches(tmp_path: Path) -> None:
    files = {
        "a.h": (
            "#ifndef A_H\n#define A_H\nLIB_BEGIN_NAMESPACE\nclass LIB_API Reader : public Base {\n public:\n"
            "  LIB_INLINE int read(int x);\n};\nLIB_END_NAMESPACE\nLIB_API void open_all(Reader* r);\n"
            "enum kind {\n  KIND_A,\n  KIND_B\n};\n#endif\n"
        ),
        "b.c": (
            "static int old(a, b)\n  int a;\n  char *b;\n{\n  if (a\n#ifdef X\n      && b\n#endif\n  ) {\n"
            "    return 1;\n  }\n  return 0;\n}\n\nvoid last(void) {}\n"
        ),
    }
    found = symbols_in(snapshot_of(tmp_path, files))
    kinds = {
        "Reader": "class", "Reader.read": "prototype", "open_all": "prototype", "kind.KIND_B": "constant",
        "old": "function", "last": "function",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds
