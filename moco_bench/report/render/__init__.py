"""From the report's parts to HTML, Markdown, LaTeX, CSV, SVG and PNG."""
