"""The addresses of the site."""

from django.urls import path

from redis_client import views

urlpatterns = [path("", views.visit), path("sync", views.sync_visit)]
