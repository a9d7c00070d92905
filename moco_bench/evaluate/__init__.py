"""Evaluates frozen features of an encoder."""
