from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.starts import end_server, executed
from tests.process.world import World, opened


def pytest_sessionfinish() -> None:
    end_server()


@pytest.fixture(params=["polling", "webhook"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A running shop, once by polling and once by webhook, each the true command."""
    with opened(tmp_path, mode=request.param, by=executed) as world:
        world.start()
        yield world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A running shop that polls."""
    with opened(tmp_path) as opening:
        opening.start()
        yield opening


@pytest.fixture
def true_world(tmp_path: Path) -> Iterator[World]:
    """The same, started as a merchant starts it."""
    with opened(tmp_path, by=executed) as opening:
        opening.start()
        yield opening


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One shop for all tests of a module: what one message does to it, the next one meets."""
    with opened(tmp_path_factory.mktemp("shop")) as opening:
        opening.start()
        yield opening


@pytest.fixture
def newcomer(shared: World) -> Iterator[World]:
    """The module's shop on a day without faults, and somebody whom it has never met."""
    shared.me += 10
    yield shared
    shared.mends()
