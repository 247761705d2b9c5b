"""The addresses of the site."""

from django.urls import path

from prometheus import views

urlpatterns = [
    path("metrics", views.metrics),
    path("price/<price>", views.send),
]
