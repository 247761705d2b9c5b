"""The addresses of Django; FastAPI and Starlette have theirs in `api` and `pages`."""

from django.urls import path

from mounted_apps import views

urlpatterns = [
    path("", views.root),
    path("prices/<str:name>", views.price, name="price"),
]
