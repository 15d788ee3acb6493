"""Stand-ins for the other side, written by hand from its specification."""
