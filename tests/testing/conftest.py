"""Tests of the tools for tests register on the registry that everybody shares."""

from __future__ import annotations

from tests.django.conftest import _default as _default  # noqa: PLC0414
