"""The addresses of the site."""

from django.urls import path
from pulse import views

from lifespan_registry.views import status

urlpatterns = [
    # For everybody, as it is your own machine. Elsewhere, include the addresses in
    # lifespan_registry.urls, which let staff alone see it.
    path("lifespans/", status),
    path("", views.index),
    path("state.json", views.state),
    path("word", views.word),
    path("server", views.server),
    path("alive", views.alive),
]
