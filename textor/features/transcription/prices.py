"""What engines charge, in US dollars: ENGINE_PRICES first (model before engine), then what an engine says of its model.

Calls that AssemblyAI hears with their channels apart cost a quarter more there; that is left out, as are free quotas.
"""

from textor.toolbox import Toolbox


def per_hour(tools: Toolbox, engine: str, model: str | None = None) -> float | None:
    """For an hour of sound; 0 on this machine. None: not known."""
    known = tools.engines.get(engine)
    if model is None and known and not known.can().runs_locally:
        model = next((one.name for one in known.models()), None)
    listed = dict(tools.settings.engine_prices)
    for name in (f"{engine}/{model}", engine):
        if name in listed:
            return listed[name]
    if known is None:
        return None
    can = known.can(model)
    return 0.0 if can.runs_locally else can.usd_per_hour


def of(tools: Toolbox, engine: str, model: str | None, seconds: float) -> float | None:
    """For so much sound. None: not known."""
    price = per_hour(tools, engine, model)
    return None if price is None else price * seconds / 3600


def is_free(tools: Toolbox, engine: str, model: str | None = None) -> bool:
    """Whether nobody has to be paid: a price set for an engine on this machine is for the books alone."""
    known = tools.engines.get(engine)
    return (known is not None and known.can(model).runs_locally) or per_hour(tools, engine, model) == 0
