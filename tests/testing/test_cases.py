"""The mixins for test cases: which lifespans, when, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import unittest
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.conf import settings
from django.http import JsonResponse
from django.test import SimpleTestCase, override_settings
from django.urls import path

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    OtherEventLoopError,
    OverriddenTooLateError,
    PlanError,
    ShutdownError,
    StartupError,
    UnavailableError,
)
from lifespan_registry.servers.view_loop import ViewLoop
from lifespan_registry.testing import (
    AsyncLifespanClient,
    LifespanClient,
    LifespansPerClass,
    LifespansPerTest,
    cases,
)
from tests.django.test_wsgi_views import Gone, Ignoring
from tests.tracked import boom, tracked

MIXINS = pytest.mark.parametrize("mixin", [LifespansPerClass, LifespansPerTest])


def run(*classes: type[unittest.TestCase]) -> unittest.TestResult:
    """Run the tests of *classes*, as the runner of unittest and Django does."""
    load = unittest.TestLoader().loadTestsFromTestCase
    suite = unittest.TestSuite(map(load, classes))
    result = unittest.TestResult()
    suite.run(result)
    return result


def assert_passed(result: unittest.TestResult, count: int) -> None:
    """Require that *count* tests were run, and that all of them have passed."""
    problems = [text for _, text in (*result.errors, *result.failures)]
    assert (problems, result.testsRun) == ([], count)


def state_view(request: Any) -> JsonResponse:
    return JsonResponse(dict(request.state))


urlpatterns = [path("state", state_view)]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


def binding() -> object:
    """Return what asgiref holds for this thread."""
    return getattr(SyncToAsync.threadlocal, "main_event_loop", None)


# --- when -----------------------------------------------------------------------------


def test_per_class(default: Registry, log: list[str]) -> None:
    """Per class they start before the first test, and stop after tearDownClass()."""
    tracked(default, log, "pool")

    class Tests(LifespansPerClass, SimpleTestCase):
        def test_1(self) -> None:
            log.append(str(self.lifespan_run is type(self).lifespan_run))

        async def test_2(self) -> None:
            log.append("2")

        @classmethod
        def tearDownClass(cls) -> None:
            super().tearDownClass()
            log.append("tearDownClass")

    assert_passed(run(Tests), 2)
    assert log == ["+pool", "True", "2", "tearDownClass", "-pool"]


def test_per_test(default: Registry, log: list[str]) -> None:
    """Per test they start before what follows in setUp(), and stop after tearDown()."""
    tracked(default, log, "pool")

    class Tests(LifespansPerTest, SimpleTestCase):
        def setUp(self) -> None:
            super().setUp()
            log.append("setUp")

        def test_1(self) -> None:
            log.append("1")

        async def test_2(self) -> None:
            log.append("2")

        def tearDown(self) -> None:
            super().tearDown()
            log.append("tearDown")

    assert_passed(run(Tests), 2)
    around = ["+pool", "setUp", "", "tearDown", "-pool"]
    assert log == [text or number for number in "12" for text in around]


def test_inherited(default: Registry, log: list[str]) -> None:
    """A class that inherits has a run of its own, with lifespans of its own choice."""
    tracked(default, log, "pool")
    tracked(default, log, "mail")

    class Base(LifespansPerClass, SimpleTestCase):
        lifespans = "pool"

        def test(self) -> None:
            log.append(", ".join(self.lifespan_run.state))

    class Derived(Base):
        lifespans = ("mail",)

    assert_passed(run(Base, Derived), 2)
    assert log == ["+pool", "pool", "-pool", "+mail", "mail", "-mail"]


def test_overridden_settings(default: Registry, log: list[str]) -> None:
    """The settings that a class overrides count when its lifespans start and stop."""

    @default.on_lifespan
    async def pool() -> AsyncIterator[str]:
        log.append(settings.SITE)
        yield settings.SITE
        log.append(settings.SITE)

    @override_settings(SITE="test")
    class Tests(LifespansPerClass, SimpleTestCase):
        def test(self) -> None:
            assert pool.get() == "test"

    assert_passed(run(Tests), 1)
    assert log == ["test", "test"]


# --- which ----------------------------------------------------------------------------


@MIXINS
def test_choice(registry: Registry, mixin: type[Any]) -> None:
    """The attributes of a class choose registry, lifespans, tags and overrides."""
    tracked(registry, [], "search", requires="database", tags="web")
    database = tracked(registry, [], "database")
    tracked(registry, [], "mail", tags={"worker"})
    tracked(registry, [], "metrics")

    class Choice(mixin, SimpleTestCase):  # type: ignore[misc]
        lifespan_registry = registry

        def names(self) -> list[str]:
            return sorted(self.lifespan_run.report)

    class Only(Choice):
        lifespans = "search"

        def test(self) -> None:
            assert self.names() == ["database", "search"]

    class Skip(Choice):
        lifespan_skip = ("metrics",)
        lifespan_overrides = {database: "fake", "mail": "no mail"}

        def test(self) -> None:
            assert self.names() == ["database", "mail", "search"]
            assert self.lifespan_run.state["mail"] == "no mail"
            assert database.get() == "fake"

        async def test_async(self) -> None:
            assert database.get() == "fake"

    class Tags(Choice):
        lifespan_tags = {"web"}

        def test(self) -> None:
            assert self.names() == ["database", "metrics", "search"]

    assert_passed(run(Only, Skip, Tags), 4)


def test_override_of_one_test(default: Registry) -> None:
    """Per test, what a test sets before super().setUp() counts; per class not."""
    pool = tracked(default, [], "pool")

    class Tests(LifespansPerTest, SimpleTestCase):
        def setUp(self) -> None:
            self.lifespan_overrides = {pool: [self.id()]}
            super().setUp()

        def test_1(self) -> None:
            assert pool.get() == [self.id()]

        def test_2(self) -> None:
            assert pool.get() == [self.id()]

        @default.override(pool="too late")
        def test_3(self) -> None:
            with pytest.raises(OverriddenTooLateError):
                pool.get()

    assert_passed(run(Tests), 3)


@MIXINS
def test_override_in_threads(default: Registry, mixin: type[Any]) -> None:
    """A thread without the context of the test, as of a live server, has the fake."""
    pool = tracked(default, [], "pool")

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        lifespan_overrides = {pool: "fake"}

        def test(self) -> None:
            with ThreadPoolExecutor(1) as executor:
                assert executor.submit(pool.get).result() == "fake"

    assert_passed(run(Tests), 1)


@MIXINS
def test_clients(registry: Registry, mixin: type[Any]) -> None:
    """The clients carry the state of the run, of whatever registry it is."""
    tracked(registry, [], "pool")

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        lifespan_registry = registry

        def test(self) -> None:
            assert isinstance(self.client, LifespanClient)
            assert self.client.get("/state").json() == {"pool": "pool"}

        async def test_async(self) -> None:
            assert isinstance(self.async_client, AsyncLifespanClient)
            answer = await self.async_client.get("/state")
            assert answer.json() == {"pool": "pool"}

    assert_passed(run(Tests), 2)


# --- on which loop --------------------------------------------------------------------


@MIXINS
def test_async_tests_share_the_loop(default: Registry, mixin: type[Any]) -> None:
    """Async tests run on the loop of the lifespans, and await what they opened."""

    @default.on_lifespan
    async def queue() -> AsyncIterator[asyncio.Queue[int]]:
        one = asyncio.Queue[int]()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(feed(one))
            yield one
            task.cancel()

    async def feed(one: asyncio.Queue[int]) -> None:
        while True:
            await one.join()
            one.put_nowait(42)

    async def take() -> int:
        number = await queue.get().get()
        queue.get().task_done()
        return number

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        def test_call(self) -> None:
            assert self.lifespan_run.call(take, timeout=10) == 42

        async def test_await(self) -> None:
            assert asyncio.get_running_loop() is self.lifespan_run.loop
            assert await take() == 42

    assert_passed(run(Tests), 2)


@MIXINS
def test_tests_without_the_mixin(default: Registry, mixin: type[Any]) -> None:
    """Before and after, async tests run on loops of their own, and have no values."""
    pool = tracked(default, [], "pool")
    loops: list[asyncio.AbstractEventLoop] = []

    class With(mixin, SimpleTestCase):  # type: ignore[misc]
        async def test(self) -> None:
            loops.append(asyncio.get_running_loop())

    class Without(SimpleTestCase):
        async def test(self) -> None:
            assert asyncio.get_running_loop() not in loops
            with pytest.raises(UnavailableError):
                pool.get()

    before = binding()
    assert_passed(run(Without, With, Without), 3)
    assert binding() is before


@pytest.mark.parametrize("broken", [Gone, Ignoring])
def test_asgiref_has_changed(
    default: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: type[object],
) -> None:
    """Without asgiref's internals one warning is logged, and sync tests still work."""
    monkeypatch.setattr(cases, "view_loop", ViewLoop())
    monkeypatch.setattr(SyncToAsync, "threadlocal", broken())
    pool = tracked(default, [], "pool")

    class Tests(LifespansPerTest, SimpleTestCase):
        def test(self) -> None:
            assert pool.get() == "pool"

        async def test_async(self) -> None:
            with pytest.raises(OtherEventLoopError):
                pool.get()

    assert_passed(run(Tests), 2)
    warnings = [one for one in caplog.messages if "With this version of asgiref" in one]
    assert len(warnings) == 1


@MIXINS
def test_run_inside_of_a_test(default: Registry, mixin: type[Any]) -> None:
    """A run in a thread of its own runs coroutines on its loop, by call()."""

    async def where() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        def test(self) -> None:
            with default.run_in_thread() as inner:
                assert async_to_sync(where)() is self.lifespan_run.loop
                assert inner.call(where, timeout=30) is inner.loop

    assert_passed(run(Tests), 1)


@MIXINS
def test_run_is_gone_after(registry: Registry, mixin: type[Any]) -> None:
    """The attribute is there while the run is up, and not before and after."""
    cases: list[Any] = []

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        lifespan_registry = registry

        def test(self) -> None:
            assert self.lifespan_run.loop.is_running()
            cases.append(self)

    assert not hasattr(Tests, "lifespan_run")
    assert_passed(run(Tests), 1)
    (case,) = cases
    assert not hasattr(case, "lifespan_run")


# --- what goes wrong, and what is left behind -----------------------------------------


def errors_of(result: unittest.TestResult, kind: type[Exception]) -> int:
    """Count the errors of *result*; all of them are of *kind*."""
    assert all(kind.__name__ in text for _, text in result.errors)
    assert result.failures == []
    return len(result.errors)


@pytest.mark.parametrize(
    ("mixin", "count"), [(LifespansPerClass, 1), (LifespansPerTest, 2)]
)
def test_failed_start(
    default: Registry, log: list[str], mixin: type[Any], count: int
) -> None:
    """What a start fails of is the error of the class or of each test, and no more."""
    tracked(default, log, "pool")
    tracked(default, log, "bad", enter=boom(), requires="pool")

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        def test_1(self) -> None: ...
        async def test_2(self) -> None: ...

    class Next(LifespansPerClass, SimpleTestCase):
        lifespans = "pool"

        async def test(self) -> None:
            log.append("next")

    before = binding()
    assert errors_of(run(Tests, Next), StartupError) == count
    assert log == ["+pool", "-pool"] * count + ["+pool", "next", "-pool"]
    assert binding() is before


@MIXINS
def test_failed_stop(default: Registry, log: list[str], mixin: type[Any]) -> None:
    """What a stop fails of is an error, too, and the others are stopped."""
    tracked(default, log, "pool")
    tracked(default, log, "bad", leave=boom(), requires="pool")

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        def test(self) -> None:
            log.append("test")

    before = binding()
    assert errors_of(run(Tests), ShutdownError) == 1
    assert log == ["+pool", "+bad", "test", "-pool"]
    assert binding() is before


@MIXINS
def test_unknown_attribute(mixin: type[Any]) -> None:
    """A slip in the name of an attribute is an error of the class."""
    with pytest.raises(TypeError, match=r"'lifespan_override'.*'lifespan_overrides'"):
        type("Tests", (mixin, SimpleTestCase), {"lifespan_override": {"pool": 1}})


@MIXINS
def test_text_of_a_failed_start(default: Registry, mixin: type[Any]) -> None:
    """It shows where the lifespan has failed, and no step inside of the library."""
    tracked(default, [], "bad", enter=boom())

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        def test(self) -> None: ...

    ((_, text),) = run(Tests).errors
    assert "loop_thread.py" not in text
    assert "tracked.py" in text
    assert "1 lifespan failed to start" in text


@MIXINS
def test_override_of_nothing(default: Registry, mixin: type[Any]) -> None:
    """An override of a name that nobody has registered is an error before the start."""
    tracked(default, [], "pool")

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        lifespan_overrides = {"poll": 1}

        def test(self) -> None: ...

    assert errors_of(run(Tests), PlanError) == 1


@MIXINS
def test_nothing_is_left_behind(default: Registry, mixin: type[Any]) -> None:
    """After each there is no thread, no open loop, no task and no run any more."""
    tracked(default, [], "pool")
    tracked(default, [], "file", sync=True)
    loops: list[asyncio.AbstractEventLoop] = []
    left: list[weakref.ref[object]] = []

    class Tests(mixin, SimpleTestCase):  # type: ignore[misc]
        async def test(self) -> None:
            task = asyncio.create_task(asyncio.sleep(3600))
            left.extend((weakref.ref(task), weakref.ref(self.lifespan_run)))
            loops.append(self.lifespan_run.loop)
            answer = await self.async_client.get("/state")
            assert answer.json() == {"pool": "pool", "file": "file"}

        def test_sync(self) -> None:
            loops.append(self.lifespan_run.loop)
            assert self.client.get("/state").json() == {"pool": "pool", "file": "file"}

    threads = set(threading.enumerate())
    assert_passed(run(Tests), 2)
    assert set(threading.enumerate()) <= threads
    assert all(loop.is_closed() for loop in loops)
    assert default.current_run() is None
    del Tests
    gc.collect()
    assert [one() for one in left] == [None, None]
