"""Where the bytes of recordings live, behind `port.Storage`."""
