"""The addresses of the site."""

from django.urls import path
from pulse import views

urlpatterns = [
    path("", views.index),
    path("state.json", views.state),
    path("word", views.word),
    path("server", views.server),
    path("alive", views.alive),
]
