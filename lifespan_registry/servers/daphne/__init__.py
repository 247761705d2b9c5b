"""An app for ``INSTALLED_APPS``: lifespans under Daphne, which sends no protocol.

It reaches the ``daphne`` command and Daphne's ``runserver``. Where another server runs,
it does nothing.
"""
