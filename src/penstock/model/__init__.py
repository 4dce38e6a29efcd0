"""Values that every room speaks about. No I/O, no clock, no randomness; Python 3.9 and the standard library."""
