"""Spans of what starts and stops, and of what crashes."""
