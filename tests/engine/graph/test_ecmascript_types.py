"""What values, imports and packages mean in JavaScript and TypeScript: one rule each."""

from pathlib import Path

import pytest

from tests.engine.graph.small import confidences, imports

CLIENT = (
    "export class Client {\n  get() {}\n  made(): Client { return this }\n}\n"
    "export class Other { get() {} }\nexport default Client\n"
)
GET = {"a.ts:Client.get": "certain"}
MADE = {"a.ts:Client": "certain", "a.ts:Client.get": "certain"}

CASES = {
    "a declared parameter": ("function go(c: Client) { c.get() }", GET),
    "an optional one": ("function go(c?: Client | null) { c?.get() }", GET),
    "an arrow function's": ("const go = (c: Client) => { c.get() }", GET),
    "a made value": ("function go() { const c = new Client(); c.get() }", MADE),
    "made in place": ("function go() { new Client().get() }", MADE),
    "a chain": ("function go(c: Client) {\n  c\n    .made()\n    .get()\n}", {**GET, "a.ts:Client.made": "certain"}),
    "a promise": ("async function go(make: () => Promise<Client>, c: Promise<Client>) { (await c).get() }", GET),
    "a field": ("class S {\n  c: Client\n  go() { this.c.get() }\n}", GET),
    "a field with a value": ("class S {\n  c = new Client()\n  go() { this.c.get() }\n}", GET),
    "a constructor's parameter": ("class S {\n  constructor(private c: Client) {}\n  go() { this.c.get() }\n}", GET),
    "an assigned field": ("class S {\n  constructor() { this.c = new Client() }\n  go() { this.c.get() }\n}", GET),
    "super": ("class S extends Client {\n  get() { return 1 }\n  go() { super.get() }\n}", GET),
    "a declared result": (
        "function make(): Client { return x }\nfunction go() { make().get() }", {**GET, "b.ts:make": "certain"},
    ),
    "a hidden name": ("function go(Client: any) { Client() }", {}),
    "an unpacked name": ("function go(x: any) { const { Client } = x; Client() }", {}),
    "nothing known": ("function go(c: any) { c.get() }", {"a.ts:Client.get": "guess", "a.ts:Other.get": "guess"}),
    "a string": ("function go() { ''.get(); [].get() }", {}),
    "a default import": ("import D from './a'\nfunction go() { new D().get() }", MADE),
    "a namespace": ("import * as all from './a'\nfunction go() { new all.Client().get() }", MADE),
    "a type alone": ("import type { Client as T } from './a'\nfunction go(c: T) { c.get() }", GET),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_type_of_a_value(tmp_path: Path, name: str) -> None:
    code, expected = CASES[name]
    files = {"a.ts": CLIENT, "b.ts": f"import {{ Client, Other }} from './a'\n{code}\n"}
    assert confidences(tmp_path, files, "S.go" if "class S" in code else "go") == expected


def test_functions_of_an_object_are_its_members(tmp_path: Path) -> None:
    files = {
        "a.js": "export const api = {\n  get() {},\n  put: function () {},\n}\nexport function bare() { get() }\n",
        "b.js": "import { api } from './a.js'\nexport function go() { api.get(); api.put() }\n",
    }
    assert confidences(tmp_path, files, "go") == {"a.js:api.get": "certain", "a.js:api.put": "certain"}
    assert confidences(tmp_path, files, "bare") == {}


BARRELS = {
    "export *": "export * from './deep/x.js'\n",
    "a name": "export { run } from './deep/x'\n",
    "under another name": "export { work as run } from './deep/x'\n",
    "imported, then exported": "import { run } from './deep/x'\nexport { run }\n",
    "a star with a name": "export * as tools from './deep/x'\nimport { run } from './deep/x'\nexport { run }\n",
}


@pytest.mark.parametrize("name", BARRELS)
def test_barrels(tmp_path: Path, name: str) -> None:
    work = "work" if "work" in BARRELS[name] else "run"
    files = {
        "p/index.ts": BARRELS[name],
        "p/deep/x.ts": f"export function {work}() {{}}\n",
        "b.ts": "import { run } from './p'\nexport function go() { run() }\n",
    }
    assert confidences(tmp_path, files, "go") == {f"p/deep/x.ts:{work}": "certain"}


RUN = {"src/x.ts": "export function run() {}\n"}
PATHS = '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}'
CONFIGS: dict[str, tuple[dict[str, str], str]] = {
    "paths": ({"tsconfig.json": PATHS, **RUN}, "@/x"),
    "baseUrl": ({"tsconfig.json": '{"compilerOptions": {"baseUrl": "src"}}', **RUN}, "x"),
    "jsconfig": ({"jsconfig.json": PATHS, **RUN}, "@/x"),
    "extends": ({"tsconfig.json": '{"extends": "./tsconfig.base.json"}', "tsconfig.base.json": PATHS, **RUN}, "@/x"),
    "extends from deeper": (
        {"tsconfig.json": PATHS, "app/tsconfig.json": '{"extends": "../tsconfig", "include": ["."]}', **RUN}, "@/x",
    ),
    "extends in circles": (
        {"tsconfig.json": PATHS.replace("{", '{"extends": "./tsconfig.base.json", ', 1),
         "tsconfig.base.json": '{"extends": "./tsconfig.json"}', **RUN}, "@/x",
    ),
    "references": (
        {"tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
         "tsconfig.app.json": PATHS, **RUN}, "@/x",
    ),
    "a workspace package": ({"src/package.json": '{"name": "@acme/x", "main": "./dist/x.js"}', **RUN}, "@acme/x"),
    "exports": (
        {"src/package.json": '{"name": "acme", "exports": {".": "./no.js", "./run": {"default": "./x.js"}}}', **RUN},
        "acme/run",
    ),
    "exports with a star": (
        {"src/package.json": '{"name": "acme", "exports": {"./lib/*": "./*.js"}}', **RUN}, "acme/lib/x",
    ),
    "built into dist": (
        {"p/package.json": '{"name": "acme", "exports": "./dist/x.mjs"}', "p/src/x.ts": "export function run() {}\n"},
        "acme",
    ),
    "own imports": ({"package.json": '{"name": "a", "imports": {"#x": "./src/x.js"}}', **RUN}, "#x"),
    "js meaning ts": (RUN, "../src/x.js"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_where_a_module_name_leads(tmp_path: Path, name: str) -> None:
    files, module = CONFIGS[name]
    files = {**files, "app/b.ts": f"import {{ run }} from '{module}'\nexport function go() {{ run() }}\n"}
    place = next(path for path in files if path.endswith("x.ts"))
    assert confidences(tmp_path, files, "go") == {f"{place}:run": "certain"}


def test_imports_by_call(tmp_path: Path) -> None:
    files = {
        "a.js": "exports.run = function run() {}\n", "b.js": "module.exports = {}\n", "c.js": "module.exports = {}\n",
        "d.js": (
            "const a = require('./a')\nrequire('./b')\nasync function later() { await import('./c.js') }\n"
            "function go() { a.run() }\nasync function here() { const a = await import('./a.js'); a.run() }\n"
        ),
    }  # fmt: skip
    assert imports(tmp_path, files, "d.js") == {"a.js", "b.js", "c.js"}
    # What `require` gives may be the file's names or one value: without a value of its own the names are meant.
    assert confidences(tmp_path, files, "go") == {"a.js:run": "likely"}
    assert confidences(tmp_path, files, "here") == {"a.js:run": "certain"}
