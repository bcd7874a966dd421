"""How `make docs` builds the site: MyST Markdown, the PyData theme, search in both languages, nothing from elsewhere.

The source folder is the whole tree, so that links work in the site as they do in the sources.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "gridwire"
author = "gridwire"
copyright = "gridwire, Apache-2.0"  # noqa: A001  the name that Sphinx asks for
language = "zh_CN"
root_doc = "docs/index"
include_patterns = ["docs/**.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = ["docs/driver_template/**", "docs/site/**", ".venv", ".uv", ".cache", "build", "dist"]

extensions = ["myst_parser", "sitesearch", "sitelinks", "sitechinese"]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

html_theme = "pydata_sphinx_theme"
html_title = "gridwire"
html_search_language = "zh-bigrams"
html_context = {"default_mode": "auto"}  # by day and by night as the browser
html_copy_source = False
html_show_search_summary = False  # a page opened from a file may not read the others
html_show_sourcelink = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = ["start"]
html_sidebars = {"docs/index": []}
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navigation_depth": 2,
    "show_toc_level": 2,
    "show_prev_next": True,
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "search_bar_text": "搜索 · Search",
    "secondary_sidebar_items": ["page-toc"],
}
