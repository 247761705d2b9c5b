"""The examples, each served and asked as its README says."""
