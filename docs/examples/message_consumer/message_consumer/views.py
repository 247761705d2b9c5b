"""Views that publish orders."""

from django.http import HttpRequest, JsonResponse

from lifespan_registry.exceptions import CrashedError
from message_consumer.lifespans import ORDERS, broker


async def publish(request: HttpRequest, order: str) -> JsonResponse:
    """Publish *order*, and wait for nothing."""
    await broker.get().publish(order, list=ORDERS)
    return JsonResponse({"published": order}, status=202)


async def ask(request: HttpRequest, order: str) -> JsonResponse:
    """Publish *order*, and wait for what the consumer answers."""
    answer = await broker.get().request(order, list=ORDERS, timeout=20)
    return JsonResponse({"handled": order, "line": await answer.decode()})


async def health(request: HttpRequest) -> JsonResponse:
    """Tell whether the consumer is alive."""
    try:
        broker.get()
    except CrashedError as error:
        return JsonResponse({"consumer": str(error)}, status=503)
    return JsonResponse({"consumer": "alive"})
