"""The addresses of the site."""

from django.urls import path

from message_consumer import views

urlpatterns = [
    path("publish/<order>", views.publish),
    path("ask/<order>", views.ask),
    path("health", views.health),
]
