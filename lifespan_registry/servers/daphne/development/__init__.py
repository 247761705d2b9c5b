"""What looks like an app to Django: Daphne's ``runserver``, with lifespans."""
