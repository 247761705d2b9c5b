"""The addresses of the site."""

from django.urls import path

from request_context import views

urlpatterns = [path("", views.index), path("sync", views.index_sync)]
