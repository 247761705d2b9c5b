"""The addresses of the site."""

from django.urls import path

from job_scheduler import views

urlpatterns = [path("", views.index), path("measure", views.measure)]
