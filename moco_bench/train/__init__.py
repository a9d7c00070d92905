"""Training: device, precision, schedule, loop, checkpoint. It sees images and sample numbers, never a label."""
