"""The API for people to read and try: Swagger UI from our own files, over our own document."""

from apiflask import APIBlueprint
from flask import render_template

from textor.routing import READ_LIMIT, limited, public

pages = APIBlueprint("swagger", __name__, enable_openapi=False)


@pages.get("/swagger")
@public
@limited(READ_LIMIT)
def show() -> str:
    return render_template("swagger.html")
