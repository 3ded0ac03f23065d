"""Reading a commit out of a bare mirror, whatever the commit holds."""

import os
import subprocess
from pathlib import Path

import pytest

from repos.engine import errors
from repos.engine.git import GitTree, Policy, Remote, fetch, parse_address
from tests.engine.git_server import commit_files, git, make_repository

POLICY = Policy(allow_local=True)


def mirrored(folder: Path, mirror: Path) -> GitTree:
    fetched = fetch(Remote(parse_address(str(folder), POLICY), POLICY), mirror)
    return GitTree(mirror, fetched.commit)


def test_it_lists_and_reads(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "b/c.py": "c = 1\n",
        "a.py": "a = 1\n",
        "empty.py": "",
        "data.bin": bytes(range(256)) * 40,
    }
    make_repository(tmp_path / "shop", files)
    tree = mirrored(tmp_path / "shop", tmp_path / "m")
    listed = tree.files()
    assert [(file.path, file.size) for file in listed] == [(name, len(files[name])) for name in sorted(files)]
    content = dict(tree.read([file.oid for file in listed]))
    assert {file.path: content[file.oid] for file in listed} == {
        name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()
    }


def test_equal_blobs_are_read_once(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "same\n", "b.py": "same\n"})
    tree = mirrored(tmp_path / "shop", tmp_path / "m")
    assert [content for _, content in tree.read([file.oid for file in tree.files()])] == [b"same\n"]
    assert list(tree.read([])) == []


def test_missing_blobs_are_left_out(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a\n"})
    tree = mirrored(tmp_path / "shop", tmp_path / "m")
    [file] = tree.files()
    assert list(tree.read(["0" * 40, file.oid, "f" * 40])) == [(file.oid, b"a\n")]
    assert list(tree.read([tree.commit])) == []  # not a blob


def test_links_and_submodules_are_left_out_with_their_reason(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "a\n"})
    os.symlink("/etc/passwd", shop / "out")
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib", cwd=shop)
    git("add", "out", cwd=shop)
    git("commit", "--quiet", "-m", "Links", cwd=shop)
    tree = mirrored(shop, tmp_path / "m")
    assert [file.path for file in tree.files()] == ["a.py"]
    assert tree.left_out == {"out": "symlink", "vendor/lib": "submodule"}


def test_filters_hooks_and_lfs_pointers_change_nothing(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
    files: dict[str, str | bytes] = {
        ".gitattributes": "* filter=lfs eol=crlf ident\n",
        "model.bin": pointer,
        "x.py": "# $Id$\n",
    }
    make_repository(shop, files)
    tree = mirrored(shop, tmp_path / "m")
    content = dict(tree.read([file.oid for file in tree.files()]))
    assert sorted(content.values()) == sorted(str(text).encode() for text in files.values())


def test_a_submodule_with_an_option_for_an_address_is_refused(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch pwned\n'})
    with pytest.raises(errors.RepositoryUnsafe, match="gitmodulesUrl"):
        mirrored(shop, tmp_path / "m")


def test_paths_of_any_bytes(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=shop)
    names = [b"caf\xe9.py", "größe.py".encode(), b"new\nline.py", b'quo"te\t.py', b"-dash.py", b"--upload-pack=x"]
    for name in names:
        (shop / os.fsdecode(name)).write_bytes(name)
    subprocess.run(["git", "add", "--all", "--", "."], cwd=shop, check=True)
    git("commit", "--quiet", "-m", "Names", cwd=shop)
    tree = mirrored(shop, tmp_path / "m")
    content = dict(tree.read([file.oid for file in tree.files()]))
    assert {file.path.encode("utf-8", "surrogateescape") for file in tree.files()} == set(names)
    assert set(content.values()) == set(names)


def test_a_tree_that_climbs_out_is_refused(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    make_repository(shop, {"a.py": "a\n"})
    blob = git("rev-parse", "HEAD:a.py", cwd=shop)
    raw = b"100644 ..\0" + bytes.fromhex(blob)
    tree = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        input=raw, cwd=shop, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    commit = git("commit-tree", "-m", "Climb", tree, cwd=shop)
    git("update-ref", "refs/heads/main", commit, cwd=shop)
    with pytest.raises(errors.RepositoryUnsafe):
        mirrored(shop, tmp_path / "m")


def test_very_large_blobs_are_left_out_without_losing_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repos.engine.git.tree.MAX_BLOB", 1000)
    make_repository(tmp_path / "shop", {"a.bin": b"x" * 5000, "b.py": "b\n"})
    tree = mirrored(tmp_path / "shop", tmp_path / "m")
    assert [content for _, content in tree.read([file.oid for file in tree.files()])] == [b"b\n"]


def test_stopping_early_leaves_nothing_running(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {f"f{number}.py": f"{number}\n" * 2000 for number in range(200)})
    tree = mirrored(tmp_path / "shop", tmp_path / "m")
    reading = tree.read([file.oid for file in tree.files()])
    next(reading)
    reading.close()  # type: ignore[attr-defined]


def test_a_commit_that_is_not_there(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a\n"})
    mirrored(tmp_path / "shop", tmp_path / "m")
    with pytest.raises(errors.MirrorBroken):
        GitTree(tmp_path / "m", "0" * 40).files()
    with pytest.raises(errors.MirrorBroken):
        GitTree(tmp_path / "nowhere", "HEAD").files()


def test_an_option_is_no_commit(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a\n"})
    mirrored(tmp_path / "shop", tmp_path / "m")
    with pytest.raises(errors.MirrorBroken):
        GitTree(tmp_path / "m", "--name-only").files()


def test_a_commit_from_outside_time(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    dates = {"GIT_COMMITTER_DATE": "@4102444800 +0000", "GIT_AUTHOR_DATE": "@0 +0000"}
    make_repository(shop, {"a.py": "a\n"})
    subprocess.run(
        ["git", "-c", "user.name=o", "-c", "user.email=o@acme.example", "commit", "-q", "--amend", "-m", "Later"],
        cwd=shop, env={**os.environ, **dates}, check=True,
    )  # fmt: skip
    fetched = fetch(Remote(parse_address(str(shop), POLICY), POLICY), tmp_path / "m")
    assert fetched.committed_at.year == 2100
    assert commit_files(shop, {"b.py": "b\n"})
