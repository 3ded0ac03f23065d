"""JavaScript: definitions, default exports and require."""

from pathlib import Path

from repos.engine.languages.ecmascript import parse_import
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "lib/Axios.js": "class Axios {\n  request() { return dispatch(this) }\n}\nexport default Axios;\n",
    "lib/dispatch.js": "module.exports = function dispatch(config) { return config }\n",
    "lib/main.js": (
        "import Client from './Axios.js'\nconst dispatch = require('./dispatch')\n"
        "export const create = () => { dispatch({}); return new Client() }\n"
        "const table = { open() {}, 'close': function () {} }\nFoo.prototype.bar = function () {}\n"
    ),
}


def test_javascript_follows_default_exports_and_require(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    found = symbols_in(snapshot)
    assert {"Axios", "Axios.request", "create", "table.open", "table.close", "Foo.bar"} <= set(found)
    create = edges_from(snapshot, "create")
    assert create["Axios"].confidence == "certain"
    assert (create["dispatch"].confidence, create["dispatch"].line) == ("certain", 3)


def test_import_statements() -> None:
    assert [(i.module, i.name, i.alias) for i in parse_import("import A, { b as c } from 'm'", 1)] == [
        ("m", "default", "A"),
        ("m", "b", "c"),
    ]
