"""Places to ask the twin from."""

import pytest

from tests.twin.client import TwinClient
from tests.twin.tests.desk import START, Desk
from tests.twin.tests.shop import Shop


@pytest.fixture
def desk(bare_twin: TwinClient) -> Desk:
    """On the first of a month."""
    bare_twin.reset(start=START)
    return Desk(bare_twin)


@pytest.fixture
def shop(bare_twin: TwinClient) -> Shop:
    return Shop(bare_twin)
