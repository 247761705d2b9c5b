"""Other ways to have lifespans, really installed, and what they do.

`forms` has each of them as its own user writes it. The benchmarks measure these, and
``docs/explanation/comparison.md`` says of them what the tests here assert.
"""
