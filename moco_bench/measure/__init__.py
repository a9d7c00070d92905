"""Throughput, memory and the machine they were measured on. Nothing here knows of MoCo."""
