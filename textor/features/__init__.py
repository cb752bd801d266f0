"""What Textor can do: plain functions. No request, no page; a feature commits once, at its end."""
