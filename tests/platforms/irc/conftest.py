from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logs_are_kept_off_the_screen() -> Iterator[None]:
    with capture_logs():
        yield
