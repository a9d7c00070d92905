"""The parts of a report (tables, figures, links, words) before anything is drawn or written."""
