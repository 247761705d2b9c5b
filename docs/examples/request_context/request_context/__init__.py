"""What every line of the log says, and a trace of each request."""
