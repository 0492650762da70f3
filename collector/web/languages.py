"""The languages of the page."""

from schemas.speech.pages import PageSpeech, speech_of_pages


def speech(code: str) -> PageSpeech:
    """Return a language of the page."""
    return speech_of_pages(code, "collector.web")
