"""Ruby: reopened classes, constants that load themselves, mixins, and calls without brackets."""

from pathlib import Path

import pytest

from repos.engine.languages.base import Import
from repos.engine.languages.ruby import parse_import
from tests.engine.trees import edge_between, edges_from, imports_of, snapshot_of, symbols_in

TREE = {
    "lib/till.rb": 'require "till/purse"\nrequire_relative "till/counting"\n\nmodule Till\n  LIMIT = 3\nend\n',
    "lib/till/purse.rb": (
        "module Till\n  # Holds the money.\n  class Purse < Box\n    include Counting\n"
        "    attr_reader :coins, :owner\n\n"
        "    def initialize(coins, owner)\n      @coins = coins\n      @owner = Owner.new(owner)\n    end\n\n"
        "    def empty?\n      total.zero? && coins.none?\n    end\n\n"
        "    def spend(sum, total = 0)\n      check sum\n      total\n      @owner.thank\n      LIMIT\n    end\n\n"
        "    def self.of(coin)\n      new([coin], nil)\n    end\n\n"
        "    private\n\n    def check(sum)\n      raise Broke if empty?\n    end\n  end\n\n"
        "  class Broke < StandardError; end\nend\n"
    ),
    "lib/till/counting.rb": "module Till\n  module Counting\n    def total\n      coins.sum\n    end\n  end\nend\n",
    "lib/till/box.rb": "module Till\n  class Box\n    def open; end\n  end\nend\n",
    "lib/till/owner.rb": "class Till::Owner\n  def thank\n    puts <<~TEXT\n      Thanks\n    TEXT\n  end\nend\n",
    "app/models/order.rb": (
        "class Order < ApplicationRecord\n  scope :recent, -> { limit 3 }\n\n  def pay\n    purse = Till::Purse.of(1)\n"
        "    purse.spend(2)\n    Till::Purse.new([], nil)\n  end\nend\n"
    ),
    "app/models/application_record.rb": "class ApplicationRecord\nend\n",
    "other/purse.rb": "module Other\n  class Purse\n    def spend(sum); end\n  end\nend\n",
    "spec/purse_spec.rb": (
        'require "till"\n\nRSpec.describe Till::Purse do\n  it "is empty" do\n'
        "    expect(Till::Purse.of(1)).to be_empty\n  end\nend\n"
    ),
}


def test_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    expected = {
        "Till": "module",
        "Till.LIMIT": "constant",
        "Till.Purse": "class",
        "Till.Purse.empty?": "method",
        "Till.Purse.of": "method",
        "Till.Purse.coins": "method",
        "Till.Purse.owner": "method",
        "Till.Counting.total": "function",
        "Order.recent": "method",
    }
    assert expected.items() <= found.items()


def test_struct_and_aliases_are_definitions(tmp_path: Path) -> None:
    text = (
        "Point = Struct.new(:x, :y) do\n  def length; end\n  alias size length\n  alias_method :norm, :length\nend\n"
        "LIST = [1].freeze\n"
    )
    found = symbols_in(snapshot_of(tmp_path, {"a.rb": text}))
    assert found == {
        "Point": "class",
        "Point.length": "method",
        "Point.size": "method",
        "Point.norm": "method",
        "LIST": "constant",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('require "a/b"', [("a/b", "*")]),
        ("require_relative '../a'", [("./../a", "*")]),
        ('autoload(:Cart, "shop/cart")', [("shop/cart", "Cart")]),
        ("require name", []),
        ('require "a/#{b}"', []),
    ],
)
def test_import_statements(text: str, found: list[tuple[str, str]]) -> None:
    assert parse_import(text, 1) == [Import(module, name, name, 1) for module, name in found]


def test_bases_mixins_and_imports(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    for base in ("Till.Box", "Till.Counting"):
        assert edge_between(snapshot, "Till.Purse", base) == ("inherits", "certain")
    assert edge_between(snapshot, "Order", "ApplicationRecord") == ("inherits", "certain")
    assert imports_of(snapshot, "lib/till.rb") == {"lib/till/purse.rb", "lib/till/counting.rb"}
    assert imports_of(snapshot, "spec/purse_spec.rb") == {"lib/till.rb"}


def test_bare_names_are_calls_unless_a_local_hides_them(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    empty = edges_from(snapshot, "Till.Purse.empty?")
    assert {name: empty[name].kind for name in empty} == {"Till.Counting.total": "calls", "Till.Purse.coins": "calls"}
    spend = edges_from(snapshot, "Till.Purse.spend")
    assert spend["Till.Purse.check"].confidence == "certain"
    assert "Till.Counting.total" not in spend  # a parameter of that name
    assert edges_from(snapshot, "Till.Purse.check")["Till.Purse.empty?"].confidence == "certain"


def test_constants_are_found_from_the_inside_out(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    assert edge_between(snapshot, "Till.Purse.spend", "Till.LIMIT") == ("references", "certain")
    assert edge_between(snapshot, "Till.Purse.check", "Till.Broke") == ("references", "certain")


def test_new_makes_an_instance(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    pay = edges_from(snapshot, "Order.pay")
    assert (pay["Till.Purse.of"].kind, pay["Till.Purse.of"].confidence) == ("calls", "certain")
    assert "Other.Purse.spend" not in pay or pay["Other.Purse.spend"].confidence == "guess"
    spend = edge_between(snapshot, "Till.Purse.spend", "Till.Owner.thank")
    assert spend == ("calls", "certain")


def test_a_class_may_be_opened_in_several_files(tmp_path: Path) -> None:
    files = {
        "lib/shop/cart.rb": "module Shop\n  class Cart\n    def pay\n      discount\n    end\n  end\nend\n",
        "lib/shop/ext.rb": (
            "class Shop::Cart\n  def discount; end\n\n  def again\n    pay\n  end\nend\n\nmodule Shop\n  X = 1\nend\n"
        ),
        "lib/use.rb": "def use\n  Shop::Cart.new.discount\nend\n",
    }
    snapshot = snapshot_of(tmp_path, files)
    assert edge_between(snapshot, "Shop.Cart.pay", "Shop.Cart.discount") == ("calls", "certain")
    assert edge_between(snapshot, "Shop.Cart.again", "Shop.Cart.pay") == ("calls", "certain")
    use = edges_from(snapshot, "use")
    assert (use["Shop.Cart.discount"].kind, use["Shop.Cart.discount"].confidence) == ("calls", "certain")
    assert use["Shop.Cart"].confidence == "certain"


def test_methods_are_not_found_from_the_inside_out(tmp_path: Path) -> None:
    text = "class A\n  def x; end\n\n  class B\n    def y\n      x\n    end\n  end\nend\n"
    assert edges_from(snapshot_of(tmp_path, {"a.rb": text}), "A.B.y") == {}


def test_a_local_is_what_the_call_gave_not_the_method(tmp_path: Path) -> None:
    files = {
        "a.rb": "class Till\n  def self.open_ones\n    Drawer.new\n  end\nend\n\nclass Drawer\n  def shut; end\nend\n",
        "b.rb": "class Use\n  def go\n    found = Till.open_ones\n    check found\n    found.shut\n  end\nend\n",
    }
    go = edges_from(snapshot_of(tmp_path, files), "Use.go")
    assert go["Till.open_ones"].line == 3
    assert go["Drawer.shut"].confidence == "certain"  # by the last expression of the method
