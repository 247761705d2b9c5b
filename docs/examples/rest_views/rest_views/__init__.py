"""One connection to a database, for views of Django Ninja and of REST framework."""
