"""Textor: a self-hosted speech-to-text workbench.

The floors, from the roof down; imports run down only (import-linter holds it, see pyproject.toml):

    process, assembly   wsgi.py worker.py · app supervisor jobs cli
    doors               web (pages) · api (JSON)
    features            what Textor can do: plain functions
    turns, wiring       job_queue (whose turn it is) · bootstrap
    tools               toolbox
    outside, rows       adapters (the outside world) · models (the database)
    ground              domain · settings extensions errors
"""

VERSION = "0.1.0"
