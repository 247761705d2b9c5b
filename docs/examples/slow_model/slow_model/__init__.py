"""Models that take seconds to load, and a moment for each answer."""
