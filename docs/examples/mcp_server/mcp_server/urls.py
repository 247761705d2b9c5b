"""The addresses of the site, but for those of the MCP server."""

from django.urls import path

from mcp_server import views

urlpatterns = [path("", views.index)]
