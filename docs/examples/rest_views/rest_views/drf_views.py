"""Sync views of REST framework: what has to be awaited, `async_to_sync()` awaits."""

from asgiref.sync import async_to_sync
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rest_views.lifespans import stock


class StockView(APIView):
    """All that there is."""

    def get(self, request: Request) -> Response:
        """Tell what there is."""
        return Response(async_to_sync(stock.get().pieces)())


class ItemView(APIView):
    """One item."""

    def post(self, request: Request, item: str) -> Response:
        """Take a piece."""
        left = async_to_sync(stock.get().take)(item)
        if left is None:
            raise Http404
        return Response({"left": left})
