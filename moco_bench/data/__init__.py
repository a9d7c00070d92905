"""Images as one uint8 tensor in memory, and the two random views that contrastive training draws of each."""
