"""What waits and what is odd, in words that several commands share."""

from collector.cli.output import say
from schemas.phrases import Phrase, _


def on_this_laptop_alone(drafts: int) -> Phrase:
    """Return how many drafts there are, and the command that lists them."""
    return _("{num} on this laptop alone: permille draft list", num=drafts)


def warning_said(text: str, about: str = "") -> Phrase:
    """Return a warning in words, about another record where one is named."""
    if about:
        return _("warning: {about}: {text}", about=about, text=text)
    return _("warning: {text}", text=text)


def tell_more_warnings(number: int, shown: int) -> None:
    """Say how many warnings are not shown, and how to say that they are right."""
    if not number:
        return
    if_right = _("if it is right, say why: permille warnings")
    if number > shown:
        more = {"more": number - shown, "next": if_right}
        say(_("{more} more; {next}", **more), err=True)
    else:
        say(if_right, err=True)
