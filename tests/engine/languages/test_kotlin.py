"""Kotlin: functions of packages, extension functions, companions, and Java beside it."""

from pathlib import Path

from repos.engine.languages.base import Import
from repos.engine.languages.jvm import parse_import
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "app/src/main/kotlin/com/till/Drawer.kt": (
        "package com.till\n\nimport com.till.money.Purse\nimport com.till.money.round as rounded\n"
        "import com.till.money.Coin.CENT\n\nconst val LIMIT = 3\ntypealias Sums = List<Int>\n\n"
        "/** Opens. */\nclass Drawer(private val purse: Purse, count: Int) : Box(count), Opens {\n"
        "  private val spare = Purse()\n  val size: Int\n    get() = sum()\n\n"
        "  override fun open(given: Purse): Int {\n    purse.fill(1)\n    spare.fill(LIMIT)\n    given.half()\n"
        "    val made = Purse.empty()\n    made.fill(2)\n    audit()\n    helper(CENT)\n"
        "    given.let { other -> other.fill(3) }\n"
        "    return rounded(1)\n  }\n\n"
        "  private fun sum() = 1\n\n  companion object {\n    fun make() = Drawer(Purse(), 1)\n  }\n}\n"
    ),
    "app/src/main/kotlin/com/till/helpers.kt": (
        "package com.till\n\ninterface Opens {\n  fun open(given: Purse): Int\n}\n\n"
        "open class Box(val count: Int) {\n  fun audit() {}\n}\n\ninternal fun helper(x: Any) = Drawer.make()\n"
    ),
    "app/src/main/kotlin/com/till/money/money.kt": (
        "package com.till.money\n\nfun round(x: Int): Int = x\n\nfun Purse.half(): Int {\n  return sum / 2\n}\n\n"
        "enum class Coin {\n  CENT, DIME;\n\n  fun name() = 1\n}\n\nobject Bank {\n  val rate: Int = 1\n}\n"
    ),
    "app/src/main/java/com/till/money/Purse.java": (
        "package com.till.money;\n\npublic class Purse {\n  int sum;\n  public void fill(int n) { }\n"
        "  public static Purse empty() { return new Purse(); }\n}\n"
    ),
    "app/src/test/kotlin/com/till/DrawerTest.kt": (
        "package com.till\n\nimport org.junit.Test\n\nclass DrawerTest {\n  @Test fun `opens a drawer`() {\n"
        "    Drawer.make().open(Purse())\n  }\n}\n"
    ),
}  # fmt: skip


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    kinds = {
        "LIMIT": "constant", "Sums": "type", "Drawer": "class", "Drawer.purse": "property", "Drawer.spare": "property",
        "Drawer.open": "method", "Drawer.make": "method", "Drawer.sum": "method", "Opens": "interface",
        "helper": "function", "Purse.half": "method", "Coin": "enum", "Coin.DIME": "constant", "Bank": "class",
        "Bank.rate": "property", "DrawerTest.opens a drawer": "method",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds


def test_imports_of_both_languages() -> None:
    assert parse_import("import a.b.C as D", 1) == [Import("a.b", "C", "D", 1)]
    assert parse_import("import a.b.* // why", 1) == [Import("a.b", "*", "*", 1)]
    assert parse_import("import static a.b.C.d;", 1) == [Import("a.b.C", "d", "d", 1)]
    assert parse_import("@Nullable package a.b; ", 2) == [Import("a.b", "", "", 2, True)]
    assert parse_import("import a", 1) == []


def test_names_lead_through_packages_extensions_and_java(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    found = {name: (edge.kind, edge.confidence) for name, edge in edges_from(snapshot, "Drawer.open").items()}
    assert found == {
        "Purse": ("references", "certain"),
        "Purse.fill": ("calls", "certain"),
        "Purse.half": ("calls", "certain"),
        "Purse.empty": ("calls", "certain"),
        "Box.audit": ("calls", "certain"),
        "helper": ("calls", "certain"),
        "round": ("calls", "certain"),
        "LIMIT": ("references", "certain"),
        "Coin.CENT": ("references", "certain"),
        "Opens.open": ("overrides", "certain"),
    }
    bases = edges_from(snapshot, "Drawer")
    assert [bases[name].kind for name in ("Box", "Opens")] == ["inherits", "inherits"]
    tests = edges_from(snapshot, "DrawerTest.opens a drawer")
    assert {edge.kind for edge in tests.values()} == {"tests"}
    assert tests["Drawer.open"].confidence == "certain"
