"""Snapshots in a folder and in a bucket: the same calls, a copy near the web process, damage found and mended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from repos import indexing, services, storage
from repos.engine.errors import SnapshotMissing
from repos.errors import NotIndexedYet, StoreUnreachable
from repos.models import IndexRun, Repository, Snapshot, State, Trigger
from tests.conftest import Cast

TASK = "Sum of prices with tax"
BUCKET = "snapshots"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> str:
    """Either kind of store, set up from the environment as an operator would."""
    from config.stores import snapshot_store

    kind: str = request.param
    if kind == "bucket":
        address = request.getfixturevalue("s3")
        for name, value in {
            "PARE_S3_BUCKET": BUCKET, "PARE_S3_ENDPOINT": address, "PARE_S3_PREFIX": f"pare/{tmp_path.name}",
            "PARE_S3_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        _make_bucket(address)
    settings.PARE_SNAPSHOT_CACHE = tmp_path / "cache"
    settings.STORAGES = {**settings.STORAGES, "snapshots": snapshot_store(tmp_path / "store")}
    return kind


def _make_bucket(address: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="key",
                          aws_secret_access_key="secret")  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    client.close()


def damage(snapshot: Snapshot) -> None:
    """Turn one byte in the middle of what is stored over."""
    with storages["snapshots"].open(snapshot.storage_name, "rb") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    replace(snapshot, bytes(data))


def replace(snapshot: Snapshot, data: bytes) -> None:
    from django.core.files.base import ContentFile

    assert storages["snapshots"].save(snapshot.storage_name, ContentFile(data)) == snapshot.storage_name


def again(repository: Repository) -> Repository:
    return Repository.objects.with_state().get(pk=repository.pk)


def test_it_is_named_by_its_content(store: str, indexed: Repository) -> None:
    snapshot = indexed.snapshot
    assert snapshot is not None
    assert snapshot.storage_name == f"{indexed.public_id}/{snapshot.digest}.pare"
    assert storage.stored_snapshots(indexed.public_id) == {snapshot.storage_name}
    assert indexed.public_id in storage.stored_repositories()
    with storages["snapshots"].open(snapshot.storage_name, "rb") as file:
        assert len(file.read()) == snapshot.size


def test_slices_come_from_a_copy_on_this_machine(store: str, cast: Cast, indexed: Repository, settings: Any) -> None:
    assert services.serve_slice(repository=indexed, actor=cast.mei, task=TASK, budget=1000).slice.tokens > 0
    assert indexed.snapshot is not None
    copies = list(Path(settings.PARE_SNAPSHOT_CACHE).glob("*.pare"))
    assert [path.stem for path in copies] == ([indexed.snapshot.digest] if store == "bucket" else [])


def test_without_a_draft_left_behind(store: str, indexed: Repository, settings: Any, tmp_path: Path) -> None:
    assert not list(tmp_path.rglob(".draft-*"))


def test_the_same_commit_again_is_the_same_file(store: str, indexed: Repository) -> None:
    run, _ = IndexRun.objects.request(repository=indexed, trigger=Trigger.MANUAL)
    indexing.index(run.pk)
    names = Snapshot.objects.filter(repository=indexed).values_list("storage_name", flat=True)
    assert len(names) == 2 and len(set(names)) == 1
    assert storage.stored_snapshots(indexed.public_id) == set(names)


@pytest.mark.parametrize("harm", ["damaged", "cut", "gone", "other"])
def test_what_is_damaged_in_the_store_is_made_again(store: str, cast: Cast, indexed: Repository, harm: str) -> None:
    assert indexed.snapshot is not None
    if harm == "damaged":
        damage(indexed.snapshot)
    elif harm == "gone":
        storage.remove_snapshot(indexed.snapshot.storage_name)
    else:
        replace(indexed.snapshot, b"PARESNAP" if harm == "cut" else b"x" * indexed.snapshot.size)
    storage.mistrust(indexed.snapshot)  # no process has it open, no copy is near
    served = _try(cast, indexed)
    if served is None:
        run = IndexRun.objects.get(repository=indexed, trigger=Trigger.REPAIR)
        indexing.index(run.pk)
        run.refresh_from_db()
        assert run.state == State.SUCCEEDED, run.error
        served = _try(cast, again(indexed))
    assert served is not None and "tax_of" in served
    # In a folder, one byte in a part that no slice reads does no harm; from a bucket, the whole is checked.
    assert store == "folder" or IndexRun.objects.filter(trigger=Trigger.REPAIR).exists()


def _try(cast: Cast, repository: Repository) -> str | None:
    try:
        return services.serve_slice(repository=repository, actor=cast.mei, task=TASK, budget=1000).slice.text
    except NotIndexedYet:
        return None


@pytest.mark.parametrize("store", ["bucket"], indirect=True)
def test_a_damaged_copy_is_fetched_again(store: str, cast: Cast, indexed: Repository) -> None:
    assert indexed.snapshot is not None
    copy = storage.file_of(indexed.snapshot)
    data = bytearray(copy.read_bytes())
    for place in range(64, len(data), 64):
        data[place] ^= 1
    copy.unlink()
    copy.write_bytes(data)
    assert services.serve_slice(repository=indexed, actor=cast.mei, task=TASK, budget=1000).slice.tokens > 0
    assert not IndexRun.objects.filter(trigger=Trigger.REPAIR).exists()


@pytest.mark.parametrize("store", ["bucket"], indirect=True)
def test_a_store_that_does_not_answer_is_no_reason_to_index_again(
    store: str, cast: Cast, indexed: Repository, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.stores import snapshot_store

    assert indexed.snapshot is not None
    storage.mistrust(indexed.snapshot)
    monkeypatch.setenv("PARE_S3_ENDPOINT", "http://127.0.0.1:9")
    settings.STORAGES = {**settings.STORAGES, "snapshots": snapshot_store(Path())}
    with pytest.raises(StoreUnreachable):
        services.serve_slice(repository=indexed, actor=cast.mei, task=TASK, budget=1000)
    assert not IndexRun.objects.filter(trigger=Trigger.REPAIR).exists()
    run, _ = IndexRun.objects.request(repository=indexed, trigger=Trigger.MANUAL)
    assert indexing.index(run.pk).retry_in
    run.refresh_from_db()
    assert (run.state, run.error_code) == (State.QUEUED, "store_unreachable")


def test_unlinking_leaves_nothing(store: str, cast: Cast, indexed: Repository) -> None:
    storage.remove_repository(indexed.public_id)
    assert storage.stored_snapshots(indexed.public_id) == set()
    assert indexed.public_id not in storage.stored_repositories()
    assert indexed.snapshot is not None
    storage.mistrust(indexed.snapshot)
    with pytest.raises(SnapshotMissing):
        storage.open_snapshot(indexed.snapshot)
