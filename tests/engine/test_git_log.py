"""The past of a commit as git tells it, whatever people and programs put into commits."""

import subprocess
from pathlib import Path

from repos.engine.git import Change, Policy, Remote, fetch, parse_address, read_log, replaced_lines
from tests.engine.git_server import commit_files, git, make_repository

POLICY = Policy(allow_local=True)


def mirror_of(folder: Path, mirror: Path, depth: int | None = None) -> str:
    return fetch(Remote(parse_address(str(folder), POLICY), POLICY), mirror, depth=depth).commit


def raw_commit(folder: Path, message: bytes, author: str = "Olga") -> None:
    """A commit of the index as it is, with a message that `git commit` would have cleaned."""
    tree, parent = git("write-tree", cwd=folder), git("rev-parse", "HEAD", cwd=folder)
    head = f"tree {tree}\nparent {parent}\nauthor {author} <o@a> 1767606000 +0000\n"
    head += "committer x <x@a> 99999999999999999 +0000\n\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=folder, input=head.encode("utf-8", "surrogateescape") + message, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git("update-ref", "HEAD", made, cwd=folder)


def test_it_tells_who_changed_what(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"cart.py": "a = 1\n", "tax.py": "b = 1\n"})
    second = commit_files(shop, {"cart.py": "a = 2\n", "new.py": "c\n"}, "Count the cart\n\nIt was wrong.")
    git("mv", "tax.py", "duty.py", cwd=shop)
    git("rm", "--quiet", "new.py", cwd=shop)
    git("commit", "--quiet", "-m", "Call tax duty", cwd=shop)
    head = mirror_of(shop, tmp_path / "m")
    newest, middle, first = read_log(tmp_path / "m", head, most=10)
    assert newest.id == head and newest.parents == (second,)
    assert set(newest.changes) == {Change("R", "duty.py", "tax.py"), Change("D", "new.py")}
    assert middle.message == "Count the cart\n\nIt was wrong." and middle.author == "Olga"
    assert middle.changes == (Change("M", "cart.py"), Change("A", "new.py"))
    assert first.parents == () and first.changes == ()  # what a root commit brought is no change
    assert [commit.id for commit in read_log(tmp_path / "m", head, most=1)] == [head]


def test_the_edge_of_a_shallow_mirror_changes_nothing(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "1\n"})
    for number in range(4):
        commit_files(shop, {"a.py": f"{number}0\n"}, f"Step {number}")
    head = mirror_of(shop, tmp_path / "m", depth=3)
    log = read_log(tmp_path / "m", head, most=10)
    assert [commit.message for commit in log] == ["Step 3", "Step 2", "Step 1"]
    assert log[-1].parents == () and log[-1].changes == ()


def test_merges_are_left_out(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "1\n"})
    git("checkout", "--quiet", "-b", "side", cwd=shop)
    commit_files(shop, {"b.py": "1\n"}, "On the side")
    git("checkout", "--quiet", "main", cwd=shop)
    commit_files(shop, {"a.py": "2\n"}, "On main")
    git("merge", "--quiet", "--no-ff", "-m", "Merge it", "side", cwd=shop)
    head = mirror_of(shop, tmp_path / "m")
    log = read_log(tmp_path / "m", head, most=10)
    assert sorted(commit.message for commit in log) == ["Change", "On main", "On the side"]


def test_odd_messages_and_paths(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "1\n"})
    odd = b'caf\xe9 \n\t quote"d.py'.decode("utf-8", "surrogateescape")
    commit_files(shop, {odd: "x\n"}, "M\0"[:1] + "\n\nA\tfake.py\n@@ -1 +1 @@\ncommit " + "a" * 40)
    raw_commit(shop, b"\xff\xfe not utf-8 \x01\x02")
    raw_commit(shop, b"")
    raw_commit(shop, b"x" * 300_000)
    head = mirror_of(shop, tmp_path / "m")
    log = read_log(tmp_path / "m", head, most=10)
    assert [len(commit.message) for commit in log[:2]] == [300_000, 0]
    assert "not utf-8" in log[2].message and log[2].changes == ()
    assert log[2].at >= 0
    assert log[3].message.startswith("M\n\nA\tfake.py") and log[3].changes == (Change("A", odd),)


def test_a_hostile_commit_cuts_the_log_and_no_more(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "1\n"})
    commit_files(shop, {f"many/f{number}.py": "x\n" for number in range(10_000)}, "Vendor the world")
    commit_files(shop, {"a.py": "2\n"}, "Fix a")
    head = mirror_of(shop, tmp_path / "m")
    whole = read_log(tmp_path / "m", head, most=10)
    assert [len(commit.changes) for commit in whole] == [1, 10_000, 0]
    cut = read_log(tmp_path / "m", head, most=10, most_bytes=20_000)
    assert [commit.message for commit in cut] == ["Fix a", "Vendor the world"]
    assert cut[0] == whole[0] and 0 < len(cut[1].changes) < 10_000
    for size in range(0, 400, 7):
        assert len(read_log(tmp_path / "m", head, most=10, most_bytes=size)) <= 2


def test_a_commit_that_is_not_there_has_no_past(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "1\n"})
    mirror_of(tmp_path / "shop", tmp_path / "m")
    assert read_log(tmp_path / "m", "0" * 40, most=10) == []
    assert read_log(tmp_path / "m", "--all", most=10) == []
    assert read_log(tmp_path / "gone", "0" * 40, most=10) == []


def test_it_tells_which_lines_were_replaced(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    lines = [f"line {number}" for number in range(1, 11)]
    parent = make_repository(shop, {"a b.py": "\n".join(lines) + "\n", "pic.bin": b"\0\1" * 50})
    after = [lines[0], "@@ -7 +7 @@", "--- x", *lines[2:5], "between", *lines[5:8], "tail"]
    head = commit_files(shop, {"a b.py": "\n".join(after), "pic.bin": b"\0\2" * 50})
    mirror_of(shop, tmp_path / "m")
    assert replaced_lines(tmp_path / "m", parent, head, "a b.py") == [(2, 1), (5, 0), (9, 2)]
    assert replaced_lines(tmp_path / "m", parent, head, "pic.bin") == []
    assert replaced_lines(tmp_path / "m", parent, head, ":(glob)*") == []
    assert replaced_lines(tmp_path / "m", "0" * 40, head, "a b.py") == []
