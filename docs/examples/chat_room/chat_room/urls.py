"""The addresses of the site; those of its websockets are in `asgi`."""

from django.urls import path

from chat_room import views

urlpatterns = [
    path("<slug:room>/", views.lines),
    path("<slug:room>/say/<str:text>", views.say_line),
]
