"""What lies in a results folder, and whether it is what its records vouch for."""
