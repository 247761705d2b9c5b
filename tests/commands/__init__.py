"""Lifespans away from a server: in commands, scripts, shells and children of a fork."""
