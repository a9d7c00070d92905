"""What a report is made of: tables, figures, links and words, before anything is drawn or written."""
