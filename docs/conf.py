"""How Sphinx makes the site of these pages: ``tox run -e docs``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# The panel for django-debug-toolbar cannot be imported without settings.
settings.configure()

ROOT = Path(__file__).parent.parent
ABOUT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "lifespan-registry"
author = ABOUT["authors"][0]["name"]
project_copyright = author
version = release = ABOUT["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_external_toc",
]
exclude_patterns = ["_build", "examples/*/*/**"]
nitpicky = True
# In a docstring `name` is some name of Python; see missing() below.
default_role = "py:obj"

# Headings have the anchors that they have on the repository's host.
myst_heading_anchors = 4

add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88

# Nothing is fetched: of Python's and Django's names those are there that are needed.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "inventories/python.txt"),
    "django": ("https://docs.djangoproject.com/en/stable", "inventories/django.txt"),
}
# What is copied of a console is what is typed.
copybutton_prompt_text = "$ "

linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

SPELLED = {
    "asyncio.locks.Event": "asyncio.Event",
    "django.http.request.HttpRequest": "django.http.HttpRequest",
    "django.http.response.HttpResponse": "django.http.HttpResponse",
    "django.http.response.JsonResponse": "django.http.JsonResponse",
    "StartResponse": "wsgiref.types.StartResponse",
    "WSGIApplication": "wsgiref.types.WSGIApplication",
}
"""What is documented elsewhere under another name than the one that is found here."""

ASGI = "https://asgi.readthedocs.io/en/latest/specs/"
SPECIFICATION = {
    "Lifespan Protocol": "lifespan.html",
    "HTTP Connection Scope": "www.html#http-connection-scope",
}
"""Where the sections are of which docstrings speak."""

VARIABLES = {"F", "M_co", "P", "T", "T_co", "Ts", "~P"}
"""Variables of types in signatures: there is nothing to say about them."""

OUT = re.compile(r"\]\((?:\.\./)+([A-Z]+\.md)((?:#[^)]*)?)\)")
"""A link to a page in the root of the repository, which is not on the site."""


def lead_out(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Let links to pages that are not on the site lead to the repository."""
    source[0] = OUT.sub(rf"]({ABOUT['urls']['Source']}/blob/main/\1\2)", source[0])


def spell(_app: Sphinx, _env: object, node: Element, _text: object) -> None:
    """Ask intersphinx for a name as it is documented."""
    target = node.get("reftarget", "")
    node["reftarget"] = SPELLED.get(target, target)


def missing(
    app: Sphinx, env: BuildEnvironment, node: Element, text: TextElement
) -> Element | None:
    """Find a name by its last part; in backticks there may be others than ours."""
    if node["refdomain"] != "py":
        return None
    target = node["reftarget"]
    last = target.rpartition(".")[2]
    if last in VARIABLES or target.islower():
        return text
    node["refspecific"] = True
    for name in (target, last):
        found = env.domains.python_domain.resolve_xref(
            env, node["refdoc"], app.builder, "obj", name, node, text
        )
        if found is not None:
            return found
    return text if node["reftype"] == "obj" else None


def name_bases(
    _app: Sphinx, _name: str, _one: object, _options: object, bases: list[type]
) -> None:
    """Name, in place of a base that is internal, what that one derives from."""
    bases[:] = [
        base
        for one in bases
        for base in (one.__bases__ if one.__name__.startswith("_") else (one,))
    ]


def add_remedy(
    _app: Sphinx, what: str, name: str, _one: object, _options: object, lines: list[str]
) -> None:
    """Let each error lead to its section on the page of errors."""
    if what == "exception":
        anchor = name.rpartition(".")[2].lower()
        lines += ["", f"`Message, cause and remedy <../errors.html#{anchor}>`__"]


def link_specification(
    _app: Sphinx,
    _what: str,
    _name: str,
    _one: object,
    _options: object,
    lines: list[str],
) -> None:
    """Let a section of the ASGI specification that is named lead there."""
    for title, address in SPECIFICATION.items():
        link = f'"`{title} <{ASGI}{address}>`__"'
        lines[:] = [line.replace(f'"{title}"', link) for line in lines]


def setup(app: Sphinx) -> None:
    """Tell Sphinx of the functions above."""
    app.connect("source-read", lead_out)
    app.connect("autodoc-process-bases", name_bases)
    app.connect("autodoc-process-docstring", add_remedy)
    app.connect("autodoc-process-docstring", link_specification)
    # Before intersphinx, and after it.
    app.connect("missing-reference", spell, priority=400)
    app.connect("missing-reference", missing, priority=900)
