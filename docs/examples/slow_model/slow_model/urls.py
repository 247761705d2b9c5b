"""The addresses of the site."""

from django.urls import path

from slow_model import views

urlpatterns = [
    path("", views.index),
    path("complete/<start>", views.complete),
    path("complete-sync/<start>", views.complete_sync),
]
