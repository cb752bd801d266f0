"""What both doors share and that knows requests: files coming in, sound going out."""
