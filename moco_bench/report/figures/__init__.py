"""The report's figures: each module draws one from results; `style` holds what they share."""
