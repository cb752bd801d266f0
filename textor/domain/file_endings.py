"""What a file of sound is called by what is in it: others go by the name."""

# container -> endings of its files, the best first: without a moving picture, with one
_ENDINGS = {
    "ogg": (("ogg", "oga"), ("ogv", "ogg")),
    "aiff": (("aiff", "aif"), ("aiff", "aif")),
    "asf": (("wma", "asf"), ("wmv", "asf")),
    "matroska": (("mka", "mkv"), ("mkv",)),
    "mov": (("mov",), ("mov",)),
    "mp4": (("m4a", "mp4"), ("mp4", "m4v")),
}
_IN_OGG = {"opus", "libopus", "vorbis", "libvorbis"}


def of(container: str, codec: str, *, has_video: bool = False) -> tuple[str, ...]:
    """The endings that fit, without a dot, the best first. `container` and `codec` are called as probing calls them."""
    if container == "wav" and not codec.startswith("pcm_"):
        return ("riff",)  # as call recorders write them: to most who take WAV it is PCM
    if container == "ogg" and codec not in _IN_OGG:
        return ("ogx",)
    if container == "ogg" and "opus" in codec and not has_video:
        return ("ogg", "opus", "oga")
    sound, picture = _ENDINGS.get(container, ((container,), (container,)))
    return picture if has_video else sound
