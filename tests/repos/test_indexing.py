"""From a linked repository to a snapshot."""

from collections.abc import Callable
from pathlib import Path

import pytest
from repos import storage
from repos.models import IndexRun, Repository, State

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_indexes_a_linked_repository(indexed: Repository) -> None:
    run, snapshot = indexed.latest_run, indexed.snapshot
    assert run is not None and snapshot is not None
    assert (run.state, run.error, run.commit) == (State.SUCCEEDED, "", snapshot.commit)
    assert snapshot.symbols >= 4 and snapshot.edges >= 1
    assert indexed.default_branch == snapshot.branch == "main"
    assert snapshot.coverage == {}
    assert storage.open_snapshot(snapshot).commit == snapshot.commit
