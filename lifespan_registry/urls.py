"""The addresses: ``path("lifespans/", include("lifespan_registry.urls"))``."""

from django.urls import path

from lifespan_registry import views

app_name = "lifespans"

urlpatterns = [
    path("", views.staff_only(views.status), name="status"),
    path("ready", views.ready, name="ready"),
    path("live", views.live, name="live"),
]
