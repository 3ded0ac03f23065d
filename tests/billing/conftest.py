"""Places to ask the twin from, for tests of the twin and of the gateway."""

import pytest

from tests.billing.desk import START, Desk
from tests.billing.shop import Shop
from tests.billing.stripe_scenes import Stage
from tests.twin.client import TwinClient


@pytest.fixture
def desk(bare_twin: TwinClient) -> Desk:
    """On the first of a month."""
    bare_twin.reset(start=START)
    return Desk(bare_twin)


@pytest.fixture
def shop(bare_twin: TwinClient) -> Shop:
    return Shop(bare_twin)


@pytest.fixture
def stage(bare_twin: TwinClient) -> Stage:
    return Stage.on_the_twin(bare_twin)
