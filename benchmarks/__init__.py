"""What is measured beside the package: against other libraries, part by part, and to answer single questions."""
