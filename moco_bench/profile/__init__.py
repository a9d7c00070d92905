"""Memory and time of a step of momentum contrast, by cause. Composes the meters of `measure` around the real step."""
