"""The page that shows what runs in this process, and the same for programs."""
