"""How a Word document is put together; loaded on use, because python-docx and lxml are not light."""
