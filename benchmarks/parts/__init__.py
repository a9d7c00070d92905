"""Times of single parts, with pytest-benchmark."""
