"""How files are cut into the blocks that slices are made of."""

from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine.extraction.blocks import PIECE, WHOLE_FUNCTION, Cutter, Span, text_windows
from repos.engine.extraction.extract import extract
from repos.engine.extraction.facts import BLOCK_MODULE, BLOCK_TEST
from repos.engine.types import Limits
from tests.engine.trees import PATIENT


def blocks_of(source: str, language: str = "python") -> list[tuple[int, int, str]]:
    """(first line, last line, name) of each block, lines from 1."""
    facts = extract(source.encode(), language, Limits())
    starts, ends, owners, _ = facts.blocks().tolist()
    names = [facts.definition_names[o].decode() if o >= 0 else "" for o in owners]
    return [(a + 1, b + 1, n) for a, b, n in zip(starts, ends, names, strict=True)]


def test_a_function_takes_its_decorators_and_comments_with_it() -> None:
    source = (
        "import os\n\n# Why it is here.\n@cached\n@logged(\n    1)\ndef f():\n    return os\n\n\ndef g():\n    pass\n"
    )
    assert blocks_of(source) == [(1, 1, ""), (3, 8, "f"), (11, 12, "g")]


def test_a_comment_apart_stays_apart() -> None:
    assert blocks_of("# About the file.\n\ndef f():\n    pass\n") == [(1, 1, ""), (3, 4, "f")]


def test_a_short_class_is_whole_and_a_long_one_is_not() -> None:
    short = "class A:\n    x = 1\n\n    def f(self):\n        pass\n"
    assert blocks_of(short) == [(1, 5, "A")]
    method = "    def {}(self):\n" + "        a = 1\n" * 20
    long = "class A:\n    x = 1\n\n" + method.format("f") + "\n" + method.format("g")
    assert blocks_of(long) == [(1, 2, "A"), (4, 24, "f"), (26, 46, "g")]


def test_a_very_long_function_is_cut_at_blank_lines_and_inner_functions() -> None:
    inner = "    def inner():\n" + "        b = 1\n" * 8
    source = "def f():\n" + ("    a = 1\n" * 9 + "\n") * 13 + inner + "    return inner\n"
    found = blocks_of(source)
    assert all(end - start < WHOLE_FUNCTION for start, end, _ in found)
    assert [name for _, _, name in found].count("inner") == 1
    assert found[0][:2] == (1, 40)


def test_rust_tests_inside_a_file_are_marked() -> None:
    source = b"fn f() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { f() }\n}\n"
    facts = extract(source, "rust", Limits())
    assert [bool(flag & BLOCK_TEST) for flag in facts.blocks()[3]] == [False, True]


def test_top_level_code_is_marked() -> None:
    facts = extract(b"a = 1\n\n\ndef f():\n    pass\n", "python", Limits())
    assert [bool(flag & BLOCK_MODULE) for flag in facts.blocks()[3]] == [True, False]


def test_text_comes_in_windows() -> None:
    found = text_windows([line % 10 != 9 for line in range(100)])
    assert found[0][:2] == (0, 38)
    assert all(end - start < PIECE for start, end, _, _ in found)


spans = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200), st.booleans()), max_size=30)


@settings(PATIENT)
@given(spans, st.lists(st.booleans(), min_size=1, max_size=400))
def test_blocks_never_overlap_and_cover_every_line_with_a_word(
    raw: list[tuple[int, int, bool]], solid: list[bool]
) -> None:
    """For any nesting of definitions, also for those that share lines."""
    last = len(solid) - 1
    made = sorted({(min(a, last), min(a + n, last), c) for a, n, c in raw}, key=lambda s: (s[0], -s[1]))
    nested: list[Span] = []
    top: list[int] = []
    stack: list[int] = []
    for start, end, container in made:
        while stack and nested[stack[-1]].end < end:
            stack.pop()
        nested.append(Span(start, end, container))
        (nested[stack[-1]].children if stack else top).append(len(nested) - 1)
        stack.append(len(nested) - 1)
    blocks = Cutter(nested, solid).file(top)
    seen: set[int] = set()
    for start, end, _, _ in blocks:
        lines = set(range(start, end + 1))
        assert not lines & seen
        seen |= lines
    assert {line for line, word in enumerate(solid) if word} <= seen
