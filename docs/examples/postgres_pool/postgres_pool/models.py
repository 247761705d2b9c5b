"""The table in which the ORM and the pool both write."""

from django.db import models


class Visit(models.Model):
    """One visit, and which of the two has written it down."""

    by = models.CharField(max_length=4)

    def __str__(self) -> str:
        return f"visit written by the {self.by}"
