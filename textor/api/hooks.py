"""Where providers say that a job has news. Nothing in the message is believed: the provider is asked."""

from apiflask import APIBlueprint
from flask import abort, request

from textor import bootstrap
from textor.extensions import csrf
from textor.features.transcription import remote
from textor.routing import address, limited, proven

SLICE_LIMIT = "120/minute"
ADDRESS_LIMIT = "60000/minute"  # one provider calls for everybody

calls = APIBlueprint("hooks", __name__, tag="Webhooks in")
csrf.exempt(calls)


def _path() -> str:
    return request.path


@calls.post("/hooks/<int:slice_id>/<proof>")
@proven
@limited(SLICE_LIMIT, by=_path)
@limited(ADDRESS_LIMIT, by=address)
@calls.doc(
    summary="A job has news",
    description="Providers call this, with the header they were given. They are asked then; the body is not read.",
    responses={204: "The provider is asked at once, if the job still runs.", 404: "The address or the header is wrong."},
)
def called_back(slice_id: int, proof: str) -> tuple[str, int]:
    if not remote.called_back(bootstrap.tools(), slice_id, proof, request.headers.get(remote.HEADER, "")):
        abort(404)
    return "", 204
