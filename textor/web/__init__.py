"""DOOR: HTML pages and htmx fragments, for people with a session. Every unsafe request carries a CSRF token."""
