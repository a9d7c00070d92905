"""From a results directory to pages that people read: figures, tables, HTML and Markdown. No torch."""
