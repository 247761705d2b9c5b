"""The addresses of the site."""

from django.urls import path

from http_pool import views

urlpatterns = [
    path("", views.index),
    path("sync", views.index_sync),
    path("price/<item>", views.price),
]
