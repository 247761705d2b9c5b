"""What Prometheus is told of the lifespans."""
