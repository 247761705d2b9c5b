"""What Prometheus reads, and a view that has something crash."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from prometheus.lifespans import prices
from prometheus.metrics import IS_SHARED


def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the metrics of this process, or of all workers where they share them."""
    registry = REGISTRY
    if IS_SHARED:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


async def send(request: HttpRequest, price: str) -> JsonResponse:
    """Send *price* to what reads prices."""
    prices.get().put_nowait(price)
    return JsonResponse({"sent": price})
