"""Plain data and rules: what would be true on paper. No I/O, no clock, no framework."""
