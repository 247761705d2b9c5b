"""The addresses of the site."""

from django.urls import path

from open_telemetry import views

urlpatterns = [
    path("search/<start>", views.find),
    path("price/<price>", views.send),
]
