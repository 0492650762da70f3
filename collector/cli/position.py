"""position: where this laptop is, by a receiver, a phone or a photo."""

from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import App, json_option, one_line, pass_app
from collector.cli.output import emit_json, say
from collector.errors import Exit, UsageError
from schemas import limits
from schemas.phrases import Phrase, _

if TYPE_CHECKING:
    from collector.clock import Clock
    from collector.position.address import ReceiverAddress
    from collector.position.fix import Fix, NoFix
    from collector.position.here import HerePosition, Wanted

_MOST: Final = 3_600


@click.command()
@click.option(
    "--from",
    "address",
    metavar="ADDRESS",
    help="gpsd://HOST, tcp://HOST:PORT (a phone that sends NMEA), serial:DEVICE@BAUD,"
    " photo:FILE, or a name that was saved; the one saved as default when not given.",
)
@click.option(
    "--average",
    metavar="N",
    default="1",
    show_default=True,
    help="Take the mean of so many fixes; 60s: of all that come in 60 seconds.",
)
@click.option(
    "--save-as",
    metavar="NAME",
    callback=one_line(limits.CODE_CHARS),
    help="Remember the receiver; default is asked by --here and when none is named.",
)
@click.option("--watch", "watching", is_flag=True, help="Show each fix, until Ctrl-C.")
@click.option(
    "--wait-s",
    type=click.FloatRange(0.0, _MOST, min_open=True),
    default=120.0,
    show_default=True,
    help="Give up after so long without a fix.",
)
@json_option
@pass_app
def position(  # noqa: PLR0917 - click passes them by name
    app: App,
    address: str | None,
    average: str,
    save_as: str | None,
    watching: bool,
    wait_s: float,
    as_json: bool,
) -> int:
    """Show where this laptop is, and what is wrong with that.

    A core takes it over with permille core add ... --here: position, accuracy, receiver,
    satellites, number and spread of the fixes.

    \b
    Example:
      permille position --from serial:/dev/ttyACM0@9600 --save-as default
      permille position --from tcp://192.168.1.7:50000 --average 30
      permille position --watch
    """
    from collector.position.here import take
    from collector.position.receivers import receiver, remember

    wanted = _wanted(average, wait_s)
    with app.laptop() as laptop:
        found = receiver(laptop, address)
        if save_as is not None:
            if address is None or found.kind == "photo":
                raise UsageError(
                    _("no receiver to remember was named"), _("add: --from ADDRESS")
                )
            remember(laptop, save_as, address)
    if watching:
        _watch(found, app.clock, wait_s, as_json=as_json)
        return Exit.DONE
    taken = take(found, app.clock, wanted)
    if as_json:
        emit_json(_document(taken))
    else:
        _tell(taken)
    return Exit.ATTENTION if taken.doubts else Exit.DONE


def _wanted(text: str, wait_s: float) -> "Wanted":
    from collector.position.here import Wanted

    digits = text.strip().removesuffix("s")
    if not (digits.isascii() and digits.isdecimal() and 0 < int(digits) <= _MOST):
        raise UsageError(
            _("--average {text} is no number of fixes", text=text),
            _("give 30, or 60s for 60 seconds"),
        )
    if text.strip().endswith("s"):
        return Wanted(seconds=float(digits), wait_s=wait_s)
    return Wanted(fixes=int(digits), wait_s=wait_s)


def _watch(
    address: "ReceiverAddress", clock: "Clock", wait_s: float, *, as_json: bool
) -> None:
    from collector.position.here import watch

    for heard in watch(address, clock, wait_s):
        if as_json:
            emit_json(_heard_as_data(heard))
        else:
            say(_heard_in_words(heard))


def _heard_in_words(heard: "Fix | NoFix") -> Phrase:
    from collector.position.fix import Fix, in_words

    if isinstance(heard, Fix):
        return in_words(heard)
    if heard.satellites is None:
        return _("no fix")
    return _("no fix, {num} satellites", num=heard.satellites)


def _heard_as_data(heard: "Fix | NoFix") -> dict[str, Any]:
    from collector.position.fix import Fix, position_fields

    if isinstance(heard, Fix):
        return position_fields(heard, heard.heard_s)
    return {"lon": None, "lat": None, "satellites": heard.satellites}


def _tell(taken: "HerePosition") -> None:
    from collector.position.fix import in_words

    say(in_words(taken.fix), "  ")
    if taken.fix.receiver:
        say(_("from {receiver}", receiver=taken.fix.receiver))
    for line in taken.doubts:
        say(_("warning: {text}", text=line), "  ", err=True)


def _document(taken: "HerePosition") -> dict[str, Any]:
    from collector.position.fix import position_fields

    fix = taken.fix
    return {
        **position_fields(fix, taken.taken_s),
        "hdop": fix.hdop,
        "satellite_time": fix.at.isoformat() if fix.at else None,
        "warnings": list(taken.doubts),
    }
