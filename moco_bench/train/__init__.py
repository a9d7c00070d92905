"""The loop: device, precision, schedule, checkpoint. It sees images and sample numbers, never a label."""
