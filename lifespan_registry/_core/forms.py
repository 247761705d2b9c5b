"""What stands behind a lifespan: a function, a class or an object, and its form."""

from __future__ import annotations

import contextlib
import dis
import functools
import inspect
import sys
import types
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Annotated, Any, Final, TypeAlias, get_origin

from lifespan_registry.exceptions import DefinitionError, Origin

ALL: Final = "*"
"""In ``after=`` and ``before=``: every other lifespan."""

UNNAMED: Final = "<unnamed>"
"""Stands in messages for the name of what has none."""

UNKNOWN: Final = object()
"""Stands for what a function does not say that it returns."""

Manager: TypeAlias = AbstractAsyncContextManager[Any] | AbstractContextManager[Any]

Refuse: TypeAlias = Callable[[str], DefinitionError]


def origin_of(function: Any, name: str | None) -> tuple[Origin, str]:
    """Find the name of *function*, its file and line, and its qualified name."""
    inner = innermost(function)
    own = getattr(inner, "__name__", UNNAMED)
    code = getattr(inner, "__code__", None)
    if isinstance(code, types.CodeType):
        file, line = code.co_filename, code.co_firstlineno
    else:
        # A class or an object: what a user looks for is where it was registered.
        frame = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        package = __name__.partition(".")[0]
        while (
            frame.f_back
            and frame.f_globals.get("__name__", "").split(".")[0] == package
        ):
            frame = frame.f_back
        file, line = frame.f_code.co_filename, frame.f_lineno
    given = own if name is None else name
    return Origin(given, file, line), getattr(inner, "__qualname__", own)


def enclosed(function: Any) -> tuple[object, ...]:
    """Tell apart what a factory has made more than once: each encloses other values."""
    values: list[object] = []
    if isinstance(function, functools.partial):
        values.extend(map(_mark_of, function.args))
        values.extend((key, _mark_of(one)) for key, one in function.keywords.items())
    for cell in getattr(innermost(function), "__closure__", None) or ():
        # A variable that is set further down has no value yet.
        with contextlib.suppress(ValueError):
            values.append(_mark_of(cell.cell_contents))
    return tuple(values)


def _mark_of(value: object) -> object:
    plain = isinstance(value, str | int | float | bytes | None)
    return value if plain else id(value)


def innermost(function: Any) -> Any:
    """Look behind partial objects, and behind decorators that say what they wrap."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__") and not isinstance(function, type):
            function = function.__wrapped__
        else:
            return function


def _is_name(given: object) -> bool:
    return isinstance(given, str) and given not in ("", ALL, "<lambda>", UNNAMED)


def slip_of(function: object, name: object) -> str | None:
    """Say why *function* can be no lifespan, as far as its form tells."""
    inner = innermost(function)
    if not callable(function):
        return (
            f"cannot be a lifespan: it is of type {type(function).__name__}, which "
            "cannot be called. (Options go by name, as in @on_lifespan(name='...').)"
        )
    if not _is_name(name):
        return "needs a name: name='...' takes any text but '*'."
    if isinstance(inner, type) and not (
        hasattr(inner, "__aenter__") or hasattr(inner, "__enter__")
    ):
        return (
            "cannot be a lifespan: it is a class whose instances are no context "
            "managers. Does it lack __aenter__ and __aexit__?"
        )
    if inspect.iscoroutinefunction(inner):
        return (
            "cannot be a lifespan: it is a coroutine function: did you forget the "
            "yield? What stands before the yield runs at startup, what follows at "
            "shutdown."
        )
    if inspect.isasyncgenfunction(inner) and _is_under(
        contextlib.contextmanager, function
    ):
        return (
            "cannot be a lifespan: it is an async generator function under "
            "@contextmanager. Put @asynccontextmanager there, or nothing."
        )
    if inspect.isgeneratorfunction(inner) and _is_under(
        contextlib.asynccontextmanager, function
    ):
        return (
            "cannot be a lifespan: it is a generator function under "
            "@asynccontextmanager. Write async def, or put nothing there."
        )
    return None


def opener(
    function: Callable[..., Any], refuse: Refuse
) -> tuple[Callable[..., Manager], bool]:
    """Return what makes the context manager, and whether that one is a sync one."""
    inner = innermost(function)
    if isinstance(inner, type):
        return function, not hasattr(inner, "__aenter__")
    if inspect.isasyncgenfunction(function):
        return contextlib.asynccontextmanager(function), False
    if inspect.isgeneratorfunction(function):
        return contextlib.contextmanager(function), True
    if inspect.isasyncgenfunction(inner):
        return function, False
    if inspect.isgeneratorfunction(inner):
        return function, True
    return function, _is_sync_by_annotation(inner, refuse)


def _is_under(decorator: Callable[..., Any], function: Any) -> bool:
    """Tell whether *function* is what contextlib's *decorator* has returned."""
    return getattr(function, "__code__", None) is decorator(_is_under).__code__


def _is_sync_by_annotation(inner: Any, refuse: Refuse) -> bool:
    """Judge a callable that is no generator function by what it says it returns."""
    annotation = getattr(inner, "__annotations__", {}).get("return", UNKNOWN)
    if isinstance(annotation, str):
        # Names may only be defined further down, or for type checkers alone.
        with contextlib.suppress(Exception):
            annotation = inspect.get_annotations(inner, eval_str=True)["return"]
    kind = get_origin(annotation) or annotation
    if kind in (Annotated, Any, object, types.UnionType):
        # Of these nothing can be told, and some are classes.
        kind = UNKNOWN
    if isinstance(kind, type):
        if hasattr(kind, "__aenter__"):
            return False
        if hasattr(kind, "__enter__"):
            return True
    if (kind is None or isinstance(kind, type)) or (
        isinstance(inner, types.FunctionType) and _returns_nothing(inner)
    ):
        slip = (
            "cannot be a lifespan: it is a plain function that returns no context "
            "manager: did you forget the yield? Write async def, and in it one yield: "
            "what stands before it runs at startup, what follows at shutdown."
        )
        raise refuse(slip)
    return False


def _returns_nothing(function: types.FunctionType) -> bool:
    """Tell whether every way out of *function* is the None that nobody wrote."""
    last: dis.Instruction | None = None
    for instruction in dis.get_instructions(function):
        if instruction.opname == "RETURN_CONST" and instruction.argval is not None:
            return False
        if instruction.opname == "RETURN_VALUE" and (
            # As in "return a or None": what is returned may come from elsewhere.
            instruction.is_jump_target
            or not (last and last.opname == "LOAD_CONST" and last.argval is None)
        ):
            return False
        last = instruction
    return True


def parameters_of(
    function: Callable[..., Any], refuse: Refuse
) -> tuple[inspect.Parameter, ...]:
    """Read what *function* asks for.

    In a function a default makes a wish of a parameter. In a class or another
    callable the defaults are settings of its own, and no business of other lifespans.
    """
    is_function = inspect.isroutine(getattr(function, "__wrapped__", function))
    try:
        signature = inspect.signature(function)
    except ValueError:
        # Some classes that are written in C do not tell.
        return ()
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if not is_function:
                continue
            slip = (
                f"takes {parameter}, which no lifespan can fill: name the lifespans "
                "that it needs. (Around it, a decorator needs functools.wraps.)"
            )
            raise refuse(slip)
        if is_function or parameter.default is parameter.empty:
            parameters.append(parameter)
    return tuple(parameters)
