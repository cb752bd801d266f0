"""Reading sound: probe, decode, slice, peaks, silence."""
