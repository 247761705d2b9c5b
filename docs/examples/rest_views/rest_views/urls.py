"""The addresses of the site."""

from django.urls import path

from rest_views import drf_views, ninja_views

urlpatterns = [
    path("ninja/", ninja_views.api.urls),
    path("drf/stock", drf_views.StockView.as_view()),
    path("drf/stock/<item>", drf_views.ItemView.as_view()),
]
