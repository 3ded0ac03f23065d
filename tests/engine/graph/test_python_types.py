"""What the value of a name is in Python, and what hides a name: one rule each."""

from pathlib import Path

import pytest

from tests.engine.graph.small import confidences, imports

CLIENT = (
    "class Client:\n    def get(self): pass\n    def made(self) -> 'Client': return self\n\n"
    "class Other:\n    def get(self): pass\n"
)
GET = "a.py:Client.get"

CASES = {
    "a declared parameter": ("def go(c: Client):\n    c.get()\n", {GET: "certain"}),
    "an optional one": ("def go(c: 'Client | None' = None):\n    c.get()\n", {GET: "certain"}),
    "typing.Optional": ("def go(c: Optional[Client]):\n    c.get()\n", {GET: "certain"}),
    "a made value": ("def go():\n    c = Client()\n    c.get()\n", {"a.py:Client": "certain", GET: "certain"}),
    "made in place": ("def go():\n    Client().get()\n", {"a.py:Client": "certain", GET: "certain"}),
    "by a walrus": (
        "def go():\n    if (c := Client()):\n        c.get()\n",
        {"a.py:Client": "certain", GET: "certain"},
    ),
    "in a with": ("def go():\n    with Client() as c:\n        c.get()\n", {"a.py:Client": "certain", GET: "certain"}),
    "a chain of declared results": (
        "def go(c: Client):\n    c.made().made().get()\n",
        {"a.py:Client.made": "certain", GET: "certain"},
    ),
    "a declared function": (
        "def make() -> Client: ...\ndef go():\n    make().get()\n",
        {"b.py:make": "certain", GET: "certain"},
    ),
    "a function that only returns one": (
        "def make():\n    return Client()\ndef go():\n    make().get()\n",
        {"b.py:make": "certain", GET: "certain"},
    ),
    "two kinds of value": (
        "def go(x):\n    c = Client()\n    if x:\n        c = Other()\n    c.get()\n",
        {"a.py:Client": "certain", "a.py:Other": "certain", GET: "likely", "a.py:Other.get": "likely"},
    ),
    "a value or something unknown": (
        "def go(x):\n    c = Client()\n    if x:\n        c = x\n    c.get()\n",
        {"a.py:Client": "certain", GET: "likely"},
    ),
    "None beside it": (
        "def go(x):\n    c = None\n    c = Client()\n    c.get()\n",
        {"a.py:Client": "certain", GET: "certain"},
    ),
    "nothing known": ("def go(c):\n    c.get()\n", {GET: "guess", "a.py:Other.get": "guess"}),
    "a literal": ("def go():\n    ''.get()\n    {}.get()\n", {}),
    "a variable of the module": ("it = Client()\ndef go():\n    it.get()\n", {GET: "certain"}),
    "a field of self": (
        "class S:\n    def __init__(self):\n        self.c = Client()\n    def go(self):\n        self.c.get()\n",
        {GET: "certain"},
    ),
    "a declared field": ("class S:\n    c: Client\n    def go(self):\n        self.c.get()\n", {GET: "certain"}),
    "a field of a base": (
        "class B:\n    c: Client\nclass S(B):\n    def go(self):\n        self.c.get()\n",
        {GET: "certain"},
    ),
    "a property": (
        "class S:\n    @property\n    def c(self) -> Client: ...\n    def go(self):\n        self.c.get()\n",
        {GET: "certain"},
    ),
    "a field that holds a class": (
        "class S:\n    kind = Client\n    def go(self):\n        self.kind().get()\n",
        {"a.py:Client": "likely", GET: "likely"},
    ),
    "an alias": ("def go():\n    run = Client\n    run()\n", {"a.py:Client": "certain"}),
    "super": (
        "class S(Client):\n    def get(self):\n        super().get()\n    def go(self):\n        super().get()\n",
        {GET: "certain"},
    ),
    "cls": ("class S(Client):\n    @classmethod\n    def go(cls):\n        cls().get()\n", {GET: "certain"}),
    "a caught exception": (
        "class Broke(Exception):\n    def tell(self): ...\n"
        "def go():\n    try: ...\n    except Broke as e:\n        e.tell()\n",
        {"b.py:Broke.tell": "certain"},
    ),
    "an instance that can be called": (
        "class R:\n    def __call__(self): ...\ndef go(r: R):\n    r()\n",
        {"b.py:R.__call__": "certain"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_type_of_a_value(tmp_path: Path, name: str) -> None:
    code, expected = CASES[name]
    files = {"a.py": CLIENT, "b.py": f"from a import Client, Other\nfrom typing import Optional\n{code}"}
    caller = "S.go" if "class S" in code else "go"
    assert confidences(tmp_path, files, caller) == expected


HIDDEN = {
    "a parameter": "def go(run):\n    run()\n",
    "a local variable": "def go():\n    run = print\n    run()\n",
    "a loop": "def go():\n    for run in []:\n        run()\n",
    "an unpacked value": "def go():\n    run, x = f()\n    run()\n",
    "star arguments": "def go(*run):\n    run()\n",
    "a comprehension": "def go():\n    return [run() for run in ()]\n",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_local_name_hides_an_import(tmp_path: Path, name: str) -> None:
    files = {"a.py": "def run(): pass\n", "b.py": f"from a import run\n{HIDDEN[name]}"}
    assert confidences(tmp_path, files, "go") == {}


def test_a_nested_function_is_seen_inside_only(tmp_path: Path) -> None:
    code = "def outer():\n    def run(): pass\n    run()\ndef other():\n    run()\n"
    assert confidences(tmp_path, {"a.py": code}, "outer") == {"a.py:outer.run": "certain"}
    assert confidences(tmp_path, {"a.py": code}, "other") == {}


def test_a_method_is_no_plain_name(tmp_path: Path) -> None:
    code = "class A:\n    def run(self): pass\n    def go(self):\n        run()\n"
    assert confidences(tmp_path, {"a.py": code}, "A.go") == {}


IMPORTS = {
    "try and except": (
        {"fast.py": "def run(): pass\n", "slow.py": "def run(): pass\n"},
        "try:\n    from fast import run\nexcept ImportError:\n    from slow import run\n",
        {"?:run": "likely"},
    ),
    "one from outside, one here": (
        {"slow.py": "def run(): pass\n"},
        "try:\n    from lib.x import run\nexcept ImportError:\n    from slow import run\n",
        {"slow.py:run": "likely"},
    ),
    "from outside": ({"run.py": "def run(): pass\n"}, "from lib.x import run\n", {}),
    "a star": ({"slow.py": "def run(): pass\n"}, "from slow import *\n", {"slow.py:run": "certain"}),
    "a star beside one from outside": (
        {"slow.py": "def run(): pass\n"}, "from slow import *\nfrom lib.x import *\n", {"slow.py:run": "likely"},
    ),
    "a re-export": (
        {
            "p/__init__.py": "from .deep.x import work as run\n",
            "p/deep/x.py": "def work(): pass\n",
            "p/deep/__init__.py": "",
        },
        "from p import run\n",
        {"p/deep/x.py:work": "certain"},
    ),
    "a function before the module of its name": (
        {"p/__init__.py": "from .run import run\n", "p/run.py": "def run(): pass\n"}, "from p import run\n",
        {"p/run.py:run": "certain"},
    ),
    "a src folder": (
        {"src/p/__init__.py": "", "src/p/x.py": "def run(): pass\n"},
        "from p.x import run\n",
        {"src/p/x.py:run": "certain"},
    ),
    "a namespace package": ({"p/x.py": "def run(): pass\n"}, "from p.x import run\n", {"p/x.py:run": "certain"}),
    "a module of Python's own": ({"tests/json.py": "def run(): pass\n"}, "from json import run\n", {}),
    "inside the function": ({"x.py": "def run(): pass\n"}, "", {"x.py:run": "certain"}),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPORTS)
def test_where_an_import_leads(tmp_path: Path, name: str) -> None:
    files, lines, expected = IMPORTS[name]
    inside = "    from x import run\n" if not lines else ""
    assert confidences(tmp_path, {**files, "b.py": f"{lines}def go():\n{inside}    run()\n"}, "go") == expected


MODULES = {
    "import a.b": ("import p.x\ndef go():\n    p.x.run()\n", "p/x.py"),
    "import a.b as c": ("import p.x as y\ndef go():\n    y.run()\n", "p/x.py"),
    "from a import b": ("from p import x\ndef go():\n    x.run()\n", "p/x.py"),
    "a module of a module": ("import p\ndef go():\n    p.x.run()\n", "p/__init__.py"),
}


@pytest.mark.parametrize("package", ["", "pass\n"], ids=["namespace", "regular"])
@pytest.mark.parametrize("name", MODULES)
def test_modules_are_values(tmp_path: Path, name: str, package: str) -> None:
    code, imported = MODULES[name]
    files = {"p/x.py": "def run(): pass\n", "b.py": code} | ({"p/__init__.py": package} if package else {})
    if name == "a module of a module" and not package:
        return  # a folder without __init__.py is no file that could be imported
    assert confidences(tmp_path, files, "go") == {"p/x.py:run": "certain"}
    assert imported in imports(tmp_path, files, "b.py")


def test_relative_imports(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "", "p/x.py": "def run(): pass\n", "p/q/__init__.py": "",
        "p/q/y.py": "from ..x import run\nfrom .. import x\ndef go():\n    run()\n    x.run()\n",
    }  # fmt: skip
    assert confidences(tmp_path, files, "go") == {"p/x.py:run": "certain"}
    assert imports(tmp_path, files, "p/q/y.py") == {"p/x.py"}


def test_members_are_looked_up_in_order(tmp_path: Path) -> None:
    code = (
        "class A:\n    def f(self): ...\nclass B(A): ...\nclass C(A):\n    def f(self): ...\n"
        "class D(B, C):\n    def go(self):\n        self.f()\n"
    )
    assert confidences(tmp_path, {"a.py": code}, "D.go") == {"a.py:C.f": "certain"}


def test_a_base_from_outside_makes_what_comes_after_it_likely(tmp_path: Path) -> None:
    code = "from lib import L\nclass A:\n    def f(self): ...\nclass D(L, A):\n    def go(self):\n        self.f()\n"
    assert confidences(tmp_path, {"a.py": code}, "D.go") == {"a.py:A.f": "likely"}


def test_types_that_lead_in_circles_come_to_an_end(tmp_path: Path) -> None:
    code = (
        "a = b()\nb = a()\nclass A(B):\n    x = y\n    y = x\nclass B(A): ...\n"
        "def f():\n    return g()\ndef g():\n    return f()\n"
    )
    assert confidences(tmp_path, {"a.py": code + "def go():\n    f().z(); a().b(); A().x.y()\n"}, "go")
