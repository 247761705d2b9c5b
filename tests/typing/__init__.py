"""What type checkers say: these files are checked, and never run."""
