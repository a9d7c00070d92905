"""Renders the report's parts as HTML, Markdown, LaTeX, CSV, SVG and PNG."""
