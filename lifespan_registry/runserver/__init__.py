"""An app for ``INSTALLED_APPS``: ``manage.py runserver`` with lifespans.

It comes before ``django.contrib.staticfiles`` and ``daphne``: of several apps with the
same command, the first one in the list has it.
"""
