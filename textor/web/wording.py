"""Sentences of the floors below that pages show: named here so that the catalog of translations has them.

What isn't listed is shown in English.
"""

import re

from flask_babel import lazy_gettext as _l

N_ = str
"""Marks a sentence for the catalog, and leaves it as it is."""

FORMATS = (
    _l("Plain text"),
    _l("Markdown"),
    _l("Word document"),
    _l("PDF"),
    _l("Subtitles (SRT)"),
    _l("Captions (WebVTT)"),
    _l("Data (JSON)"),
    _l("Spreadsheet (CSV)"),
)

ENGINES = (
    _l("English only, works offline at once. Good for a first draft of clear speech."),
    _l("About a hundred languages, on this server. Each model has to be downloaded once."),
    _l("About a hundred languages, tells speakers apart. Recordings go to AssemblyAI, which charges for them."),
    _l(
        "Some fifty languages, Persian among them, in seconds; tells speakers apart. "
        "Recordings go to Deepgram, which charges for them."
    ),
    _l("OpenAI's models, or those of a compatible server. Recordings go to whoever runs it, who may charge for them."),
    _l(
        "ElevenLabs' model at MetisAI: about eighty languages, Persian among them; text without the times of words. Recordings "
        "go to MetisAI, which charges for them, and can't be deleted there by Textor."
    ),
    _l("Persian only; tells speakers apart. Recordings go to Avanegar, which charges for them."),
    _l("Persian only; text without the times of words. Recordings go to EBOO, which charges for them."),
)

MODELS = (
    _l("Fast, a good start"),
    _l("Fast, English only"),
    _l("The fastest"),
    _l("The fastest, English only"),
    _l("Good quality at a fair speed"),
    _l("Good quality, English only"),
    _l("Very good quality; slow without a graphics card"),
    _l("Very good quality, English only; slow without a graphics card"),
    _l("The first large model"),
    _l("The second large model"),
    _l("The best quality; needs a graphics card or patience"),
    _l("Almost the best quality, several times as fast"),
    _l("A faster small model, English only"),
    _l("A faster medium model, English only"),
    _l("A faster second large model, English only"),
    _l("A faster large model, English only"),
    _l("The latest faster large model, English only"),
    _l("A model from WHISPER_MODELS_DIR"),
)

JOBS = (
    _l("Reading the recording"),
    _l("The worker was lost again and again while it transcribed this. Try another engine or a shorter recording."),
    _l("Something went wrong inside Textor. Try again; if it happens again, tell the operator."),
    _l("Something went wrong inside Textor while it transcribed this. Try again; if it happens again, tell the operator."),
    _l("Something went wrong inside Textor while it talked to the provider. Try again; if it happens again, tell the operator."),
    _l("The provider did not finish within a day."),
    _l("Cancelled by user"),
    _l("Whisper heeds hints of about 500 letters in all, or half as many outside of the Latin alphabet. Give it fewer."),
    _l("The OpenAI-compatible server"),
    _l("These are more vocabulary hints than this model heeds. Leave some out."),
    _l("A vocabulary hint has no line breaks and no < or > at OpenAI."),
    _l("With this model, Deepgram takes single words as vocabulary hints."),
    _l("The file is empty. Choose a file with sound in it."),
    _l("The file has no audio track. Choose a file with sound in it."),
    _l("The file is damaged: no sound could be read from it. Export or download it again."),
)

TEXT_MODELS = (
    _l("Textor, extractive"),
    _l("Built in: quotes the sentences that matter. No key, nothing leaves this machine."),
    _l(
        "The built-in model follows no instruction: each of its prompts names a subject, five keywords, camera, lens, time of "
        "day, photo style and film. Choose another model to have yours followed."
    ),
    _l("Writing the summary"),
    _l("Putting the parts together"),
    _l("There is nothing to sum up: nothing was said."),
    _l("There is no text to sum up yet. Wait until the transcription is finished, or start it again."),
    _l("The transcript is being changed all the time. Try again."),
    _l("The transcript is being made anew. Have it summed up when that is done."),
    _l("This transcription isn't finished yet."),
    _l("This conversation was deleted."),
    _l("This answer was made of a transcript that is deleted now."),
    _l("This was begun several times and never came to its end. Try again."),
    _l("Write a question."),
    _l("The last answer is still being written. Wait for it, or stop it."),
    _l("Give the template a name."),
    _l("It was saved a moment ago. Look at your templates again."),
)

PROMPTS = (
    _l("Stopped."),
    _l("Nothing was said in this recording."),
    _l("The recording was deleted before its prompts were written."),
    _l("Its transcription was cancelled."),
    _l("Its transcription failed."),
    _l("This was interrupted. Try again."),
    _l("The model has pictured nothing."),
    _l("Its prompts are being written. Wait until they are there, or stop that first."),
)

CALLS = (
    _l("Twilio is not set up here. The operator sets TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."),
    _l("You may not see calls here. Ask the operator to add your name to TWILIO_USERS."),
    _l("Twilio refuses this account. Ask the operator to check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."),
    _l("Twilio refuses this account the sound. Ask the operator to check TWILIO_AUTH_TOKEN."),
    _l("Twilio is busy or away for now. Try again later."),
    _l("Twilio could not be reached, or did not answer in time."),
    _l("Twilio could not be reached, or broke off."),
    _l("Twilio took too long to send the recording."),
    _l("Twilio broke off while it sent the recording."),
    _l("Twilio answered in a way that can't be read."),
    _l("The transcript was deleted."),
    _l("It was stopped."),
)

WEBHOOKS = (
    _l("This is no web address that can be called. It begins with https:// or http://."),
    _l("A web address with a user name or password in it is not accepted."),
    _l("The port of a web address is a number from 1 to 65535."),
    _l("The host of this web address is no name and no IP address in its usual form."),
    _l("This address leads into a private network, which Textor does not ask for anybody."),
    _l("There is no server of that name."),
    _l("The server broke off."),
    _l("The server"),
    _l("The server answered 410, which means: never again. Messages to this address have ended."),
    _l("The sender was lost again and again during this."),
    _l("There is no such delivery."),
    _l("Save an address first: there is nobody to send this to."),
)

FIGURES = (
    N_("The server answered with the status %(status)s."),
    N_("Twilio has refused the request (status %(status)s)."),
    N_("Twilio does not give out the sound (status %(status)s)."),
    N_("Recording not completed (status=%(reason)s)"),
    N_("Failed to fetch recording details: %(reason)s"),
    N_("%(over)s of %(count)s parts are done"),
    N_("%(over)s of %(count)s parts are read"),
    N_("Between 1 and %(most)s scenes, please."),
    N_("At most %(count)s characters, please."),
    N_("A task has at most %(count)s prompts."),
    N_("One part of %(count)s could not be transcribed. What is missing is marked in the text; it can be tried again."),
    N_("At most %(count)s vocabulary hints can be given."),
    N_("A vocabulary hint has at most %(count)s characters."),
    N_("The number of speakers is a whole number from 1 to %(most)s."),
    N_("%(engine)s takes no vocabulary hints."),
    N_("%(engine)s can't be told how many people speak."),
    N_("Set %(setting)s to use %(engine)s."),
    N_("Reading part %(over)s of %(count)s"),
    N_("A model at %(engine)s. What was said is sent there; whoever runs it may charge for it."),
    N_("%(engine)s follows no instructions. Leave them out or choose another model."),
    N_("%(engine)s can't read enough at once for this. Choose another model."),
    N_("%(engine)s can't read so long a question. Make it shorter, or choose another model."),
    N_("A summary has between 1 and %(most)s words."),
    N_("Instructions have at most %(count)s characters."),
    N_("A question has at most %(count)s characters."),
    N_("A template's name has at most %(count)s characters."),
    N_("You have %(count)s templates. Delete one first."),
    N_("It did not answer within %(seconds)s seconds."),
    N_(
        "This would cost about $%(cost)s, and $%(used)s of your $%(budget)s for this month are spent or set aside. "
        "A new month begins on %(day)s; engines on this server cost nothing."
    ),
    N_(
        "What this would cost is not known, and $%(used)s of your $%(budget)s for this month are spent or set aside. "
        "A new month begins on %(day)s; engines on this server cost nothing."
    ),
    N_("%(lost)s parts of %(count)s could not be transcribed. What is missing is marked in the text; it can be tried again."),
)
"""Sentences with figures or an engine's title in them, which are found by their words."""

PROVIDERS = (
    N_("The %(engine)s account has no credit left. Ask the operator to top it up."),
    N_("The account at %(engine)s has no credit left. Ask the operator to top it up."),
    N_("The key for %(engine)s was refused. Ask the operator to check %(setting)s."),
    N_("The token for %(engine)s was refused. Ask the operator to check %(setting)s."),
    N_("%(engine)s takes no more requests for the moment."),
    N_("%(engine)s is out of order for the moment (its answer was %(status)s)."),
    N_("%(engine)s could not be reached."),
    N_("%(engine)s did not answer in time."),
    N_("%(engine)s took too long to answer."),
    N_("%(engine)s's certificate could not be verified."),
    N_("%(engine)s gave an answer that Textor does not understand."),
    N_("%(engine)s does not know this job any more."),
    N_("%(engine)s had an error of its own and gave this job up."),
    N_("The job was cancelled at %(engine)s."),
    N_("%(engine)s found no audio in this recording."),
    N_("The recording is too short for %(engine)s."),
    N_("The recording is too long for %(engine)s."),
    N_("The recording is too large for %(engine)s."),
    N_("%(engine)s could not transcribe this recording: %(reason)s."),
    N_("%(engine)s refused this recording: its answer was %(status)s."),
    N_("%(engine)s refused this recording: %(reason)s."),
    N_("%(engine)s does not understand this language. It knows: %(codes)s."),
    N_("%(engine)s takes at most %(count)s vocabulary hints."),
    N_("A vocabulary hint has at most %(count)s words at %(engine)s."),
    N_("A vocabulary hint has at most %(count)s letters at %(engine)s."),
    N_("a balance of %(amount)s"),
    N_("%(amount)s USD"),
    N_("%(hours)s h %(minutes)s min"),
    N_("%(minutes)s min"),
)
"""What engines say, with their names and reasons in it, and what credit is left there. Of two that fit, the first counts."""

_WORDS = "engine|setting|reason|codes"


def _pattern(sentence: str) -> re.Pattern[str]:
    named = re.sub(rf"%\\\(({_WORDS})\\\)s", r"(?P<\1>.+)", re.escape(sentence))
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>[\\d.,-]+)", named))


_FOUND_BY = [(_pattern(one), one) for one in (*FIGURES, *PROVIDERS)]


def with_figures(message: str) -> tuple[str, dict[str, str]]:
    """The sentence of the catalog behind a message, and the figures in it."""
    for pattern, listed in _FOUND_BY:
        if found := pattern.fullmatch(message):
            return listed, found.groupdict()
    return message, {}
