"""Memory and time of a MoCo training step by cause. It wraps the meters of `measure` around the real step."""
