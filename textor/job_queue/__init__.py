"""Whose turn it is: one lane per user, Redis leases with fencing tokens, RQ tickets. The database row is the truth."""
