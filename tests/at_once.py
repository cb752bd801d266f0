"""Several who do the same at the same moment, each with a database session of their own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask

from textor.errors import TextorError
from textor.extensions import db

T = TypeVar("T")


def results(app: Flask, count: int, work: Callable[[], T]) -> list[T | TextorError]:
    """What each of them got: an answer, or an error of ours."""
    barrier, found = threading.Barrier(count), list[T | TextorError]()

    def run() -> None:
        with app.app_context():
            barrier.wait()
            try:
                found.append(work())
            except TextorError as error:
                found.append(error)
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return found
