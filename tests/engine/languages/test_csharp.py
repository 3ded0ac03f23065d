"""C#: namespaces seen through using, partial classes, typed members."""

from pathlib import Path

from repos.engine import edges_of, search_symbols
from repos.engine.languages.base import EVERYWHERE, Import
from repos.engine.languages.csharp import parse_import
from repos.engine.paths import role
from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "src/Shop/Cart.cs": (
        "using System;\nusing Shop.Money;\nusing static Shop.Rules;\nusing Purse = Shop.Money.Wallet;\n\n"
        "namespace Shop.Sales\n{\n    /// <summary>Holds items.</summary>\n    [Serializable]\n"
        "    public partial class Cart : Base<Cart>, ICart\n    {\n        public const int Limit = 3;\n"
        "        private readonly Wallet _wallet = new Wallet();\n        public int Count { get; set; }\n"
        "        public int Size\n        {\n            get { return Sum(); }\n        }\n"
        "        public event EventHandler Changed;\n        public delegate void Handler(int x);\n\n"
        "        public Cart(Purse purse) : base(purse) { }\n\n"
        "        public int Pay(Wallet given, ICart other)\n        {\n            Check(given);\n            Sum();\n"
        "            this.Audit();\n            given.Take(1);\n            _wallet.Take(2);\n"
        "            other.Pay(null, null);\n"
        "            var more = new Wallet();\n            more.Take(3);\n            Wallet.Open();\n"
        "            given.Twice();\n            return Missing(Limit);\n        }\n\n"
        "        public static Cart operator +(Cart a, Cart b) => a;\n    }\n}\n"
    ),
    "src/Shop/Cart.Sums.cs": (
        "namespace Shop.Sales;\n\npublic partial class Cart\n{\n    int Sum() => 1;\n\n    void ICart.Close() { }\n}\n"
    ),
    "src/Shop/Base.cs": (
        "namespace Shop.Sales;\n\npublic abstract class Base<T>\n{\n    protected void Audit() { }\n}\n\n"
        "public interface ICart\n{\n    int Pay(Wallet w, ICart c);\n}\n"
    ),
    "src/Shop/Money/Wallet.cs": (
        "namespace Shop.Money;\n\npublic record Wallet(int Sum)\n{\n    public void Take(int n) { }\n"
        "    public static Wallet Open() => new(1);\n}\n\npublic enum Coin { Cent, Dime }\npublic struct Note { }\n"
    ),
    "src/Shop/Rules.cs": (
        "using Shop.Money;\n\nnamespace Shop;\n\npublic static class Rules\n{\n"
        "    public static void Check(object x) { }\n"
        "    public static void Twice(this Wallet wallet) { }\n}\n"
    ),
    "test/Shop.Tests/CartTests.cs": (
        "using Shop.Sales;\nusing Xunit;\n\nnamespace Shop.Tests;\n\npublic class CartTests\n{\n    [Fact]\n"
        "    public void Pays()\n    {\n        var cart = new Cart(null);\n        cart.Pay(null, null);\n    }\n}\n"
    ),
}  # fmt: skip


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    kinds = {
        "Cart": "class", "Cart.Limit": "constant", "Cart.Count": "property", "Cart.Size": "property",
        "Cart.Changed": "property", "Cart.Handler": "type", "Cart.Cart": "method", "Cart.Pay": "method",
        "Cart.operator": "method", "Cart.Sum": "method", "Cart.Close": "method", "ICart": "interface",
        "Wallet": "class", "Coin": "enum", "Coin.Dime": "constant", "Note": "struct", "CartTests.Pays": "method",
    }  # fmt: skip
    assert {name: found.get(name) for name in kinds} == kinds


def test_using_directives() -> None:
    assert parse_import("global using static Shop.Rules;", 1) == [Import("Shop.Rules", "*", EVERYWHERE, 1)]
    assert parse_import("using A = Shop.Money.Wallet;", 1) == [Import("Shop.Money", "Wallet", "A", 1)]
    assert parse_import("Shop.Sales", 2) == [
        Import("Shop.Sales", "", "", 2, True), Import("Shop", "*", "*", 2),
    ]  # fmt: skip


def test_files_of_a_test_project_are_tests() -> None:
    assert [role(path) for path in ("test/Shop.Tests/A.cs", "src/Shop.UnitTests/A.cs", "src/Shop/A.cs")] == [
        "test", "test", "code",
    ]  # fmt: skip


def test_names_lead_through_namespaces_types_and_partial_classes(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    found = {name: (edge.kind, edge.confidence) for name, edge in edges_from(snapshot, "Cart.Pay").items()}
    assert found.pop("ICart.Pay") in (("calls", "likely"), ("overrides", "certain"))
    assert found == {
        "Wallet": ("references", "certain"),
        "ICart": ("references", "certain"),
        "Rules.Check": ("calls", "likely"),
        "Cart.Sum": ("calls", "certain"),
        "Base.Audit": ("calls", "certain"),
        "Wallet.Take": ("calls", "certain"),
        "Wallet.Open": ("calls", "certain"),
        "Rules.Wallet.Twice": ("calls", "certain"),
        "Cart.Limit": ("references", "certain"),
    }
    openings = [symbol for symbol in search_symbols(snapshot, "Cart") if symbol.qualified == "Cart"]
    home = next(symbol for symbol in openings if symbol.path == "src/Shop/Cart.cs")
    bases = {edge.target for edge in edges_of(snapshot, home.id)[0] if edge.kind == "inherits"}
    assert bases == {"Base", "ICart"}
    tests = edges_from(snapshot, "CartTests.Pays")
    assert {name: (edge.kind, edge.confidence) for name, edge in tests.items()} == {
        "Cart": ("tests", "certain"), "Cart.Pay": ("tests", "certain"),
    }  # fmt: skip


def test_global_using_holds_for_its_folder(tmp_path: Path) -> None:
    files = {
        "a/Usings.cs": "global using Lib;\n",
        "a/b/Use.cs": "namespace App;\n\nclass Use\n{\n    void Go() { Tool.Run(); }\n}\n",
        "c/Other.cs": "namespace Else;\n\nclass Other\n{\n    void Go() { Tool.Run(); }\n}\n",
        "lib/Tool.cs": "namespace Lib;\n\nstatic class Tool\n{\n    public static void Run() { }\n}\n",
    }
    snapshot = snapshot_of(tmp_path, files)
    assert edges_from(snapshot, "Use.Go")["Tool.Run"].confidence == "certain"
    assert edges_from(snapshot, "Other.Go") == {}


def test_openings_in_two_orders_of_files(tmp_path: Path) -> None:
    """The file that stands for a partial class may come after one that opens it twice, or holds another of its name."""
    files = {
        "a/Part.cs": "namespace N;\n\npartial class Late { }\n\npartial class Late { void Go() { Other(); } }\n",
        "z/Late.cs": "namespace N;\n\npartial class Late\n{\n    void Other() { }\n}\n",
    }
    edges = edges_from(snapshot_of(tmp_path, files), "Late.Go")
    assert edges["Late.Other"].confidence == "certain"
