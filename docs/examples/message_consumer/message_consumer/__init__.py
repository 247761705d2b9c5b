"""Views that publish messages, and a consumer that handles them, in one process."""
