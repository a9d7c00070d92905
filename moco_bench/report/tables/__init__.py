"""The report's tables: each module builds some from results; `model` and the writers know nothing of what they say."""
