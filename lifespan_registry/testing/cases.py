"""Mixins for Django's test cases, which run lifespans around their tests."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.test import AsyncClient, Client, SimpleTestCase

from lifespan_registry._choice import check_names
from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry.exceptions import LifespanError
from lifespan_registry.servers.view_loop import view_loop
from lifespan_registry.testing.client import AsyncLifespanClient, LifespanClient

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names
    from lifespan_registry._core.run import Run


NAMES = (
    "lifespan_overrides",
    "lifespan_registry",
    "lifespan_run",
    "lifespan_skip",
    "lifespan_tags",
    "lifespans",
)


class _WithLifespans(SimpleTestCase):
    """What the two mixins have in common: which lifespans, and how they are run."""

    lifespan_registry: Registry = default_registry
    """Whose lifespans are run."""
    lifespans: Names | None = None
    """Those to be run, with what they need; None stands for all."""
    lifespan_skip: Names = ()
    """Those to be left out, which nothing else may need."""
    lifespan_tags: str | Iterable[str] | None = None
    """If given, lifespans that have other tags alone are left out."""
    lifespan_overrides: Mapping[Any, object] = {}
    """What is put in the place of lifespans, as in `Registry.override()`."""
    lifespan_run: Run
    """The run, while it is up."""

    client_class: type[Client] = LifespanClient
    async_client_class: type[AsyncClient] = AsyncLifespanClient

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        check_names(cls, NAMES)


@contextlib.contextmanager
def _running(
    case: _WithLifespans | type[_WithLifespans],
) -> Generator[None, None, None]:
    """Run the lifespans of *case*; async tests and views run on their event loop.

    It has the run as its attribute meanwhile.
    """
    registry = case.lifespan_registry
    run = registry.run_in_thread(
        only=case.lifespans, skip=case.lifespan_skip, tags=case.lifespan_tags
    )
    try:
        with (
            registry.override(case.lifespan_overrides),
            run as up,
            view_loop.bound(up.loop),
        ):
            case.lifespan_run = up
            try:
                yield
            finally:
                del case.lifespan_run
    except LifespanError as error:
        # unittest prints it with each step of its way through the library.
        raise error.with_traceback(None)  # noqa: B904


class LifespansPerClass(_WithLifespans):
    """Run lifespans once for all tests of a class, in ``setUpClass()``.

    They are stopped after ``tearDownClass()``. They start with the settings that the
    class overrides. What starting them raises is the error of the class. Raises
    TypeError, at the class, for an attribute whose name begins with ``lifespan`` and
    that is none of these.
    """

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.enterClassContext(_running(cls))
        except BaseException:
            # unittest does not call it after a setUpClass() that fails, and Django's
            # transaction would be left open for the classes that follow.
            super().tearDownClass()
            raise


class LifespansPerTest(_WithLifespans):
    """Run lifespans anew for each test of a class, in ``setUp()``.

    They are stopped after ``tearDown()``. What starting and stopping them raises is the
    error of the test.
    """

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(_running(self))
