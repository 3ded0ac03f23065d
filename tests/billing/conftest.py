"""A place to ask the twin from, for tests of the gateway."""

import pytest

from tests.billing.stripe_scenes import Stage
from tests.twin.client import TwinClient


@pytest.fixture
def stage(bare_twin: TwinClient) -> Stage:
    return Stage.on_the_twin(bare_twin)
