"""What tells how the runs of a process are: reports, signals, health."""

from __future__ import annotations

from django.dispatch import receiver

from lifespan_registry import LifespanReport, Registry, Report, Status, signals
from lifespan_registry.health import Health, health


@receiver(signals.started)
def note_start(report: Report, **kwargs: object) -> None:
    print(report.started_in, kwargs)


@receiver([signals.crashed])
async def raise_alarm(lifespan: LifespanReport, **kwargs: object) -> None:
    print(lifespan.stop_began, kwargs)


async def tell(event: str) -> None:
    print(event)


def observed(registry: Registry) -> list[Report]:
    registry.observe(lambda event, run, name: tell(event))
    registry.observe(lambda event, run, name: print(run.report.status, name))
    return registry.reports()


def how_it_is(registry: Registry) -> Status:
    found: Health = health(registry)
    reasons: tuple[str, ...] = found.reasons
    is_good: bool = found.is_ready and found.is_live
    print(reasons, is_good)
    return health().status
