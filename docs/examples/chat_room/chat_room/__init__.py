"""Rooms in which people talk by websockets, with Channels."""
