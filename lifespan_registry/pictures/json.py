"""The graph as JSON, for programs."""

from __future__ import annotations

import json
import math
from typing import Any

from lifespan_registry.pictures.graph import Graph, Node


def draw(graph: Graph) -> str:
    """Write *graph* as JSON: an object with one list, ``lifespans``.

    Those that take part are in the order in which they start. A time limit is seconds,
    or null where there is none. In ``absent`` is why one takes no part, or null.
    """
    rows = [_row(graph, node) for node in graph.nodes]
    return json.dumps({"lifespans": rows}, indent=2)


def _row(graph: Graph, node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "file": node.origin.file,
        "line": node.origin.line,
        "tags": list(node.tags),
        "startup_timeout": _limit(node.startup_timeout),
        "shutdown_timeout": _limit(node.shutdown_timeout),
        "waits_for": [
            {
                "name": wait.first,
                "why": wait.why,
                "needed": wait.is_need,
                "in_circle": wait.in_circle,
            }
            for wait in graph.before(node.name)
        ],
        "followed_by": [wait.waiter for wait in graph.behind(node.name)],
        "absent": node.absent or None,
    }


def _limit(seconds: float) -> float | None:
    # JSON has no infinity.
    return None if math.isinf(seconds) else seconds
