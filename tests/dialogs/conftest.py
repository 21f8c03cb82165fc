from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dialogs.dialog import Dialog, opened_shop


@pytest.fixture
def dialog() -> Iterator[Dialog]:
    opened = opened_shop()
    yield opened
    opened.store.close()
