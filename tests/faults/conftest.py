from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.process.world import World, opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One running shop for all tests of a module; each uses chats of its own."""
    with opened(tmp_path_factory.mktemp("shop")) as opening:
        opening.start()
        yield opening
