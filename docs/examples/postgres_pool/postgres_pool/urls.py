"""The addresses of the site."""

from django.urls import path

from postgres_pool import views

urlpatterns = [
    path("pool", views.by_pool),
    path("orm", views.by_orm),
    path("rolled-back", views.by_both),
]
