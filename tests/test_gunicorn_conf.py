"""How the web processes deal with connections."""

import socket
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.laws import ROOT


@pytest.fixture
def conf() -> ModuleType:
    spec = spec_from_file_location("gunicorn_conf", ROOT / "gunicorn.conf.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_whoever_falls_silent_in_the_middle_of_a_request_is_not_waited_for(conf: ModuleType) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        conf.let_go_of_the_silent(listener, seconds=1)
        with socket.create_connection(listener.getsockname()) as silent, closing(listener.accept()[0]) as accepted:
            accepted.setblocking(True)  # as gunicorn does
            silent.sendall(b"POST /api")
            assert accepted.recv(100) == b"POST /api"
            with pytest.raises(BlockingIOError):
                accepted.recv(100)
