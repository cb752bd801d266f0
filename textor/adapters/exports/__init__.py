"""Export formats, one file each behind `port.ExportFormat`."""
