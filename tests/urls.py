"""The views of the tests' own Django project."""

urlpatterns: list[object] = []
