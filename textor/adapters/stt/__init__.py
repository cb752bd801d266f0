"""Speech engines, one file each behind `port.Engine`."""
