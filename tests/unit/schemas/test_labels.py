"""Codes of labels: every error of typing is found, every scanner is understood."""

import random

import pytest

from schemas.labels.codes import (
    ALPHABET,
    NUMBERS,
    compact,
    every_block,
    is_block,
    is_label,
    label_code,
    printed,
    read_label,
)
from schemas.labels.scans import may_be, read_scan, why_no_label
from schemas.plausibility.skeletons import skeleton
from schemas.wire_values import block as block_field

BLOCKS = list(every_block())
CHANCE = random.Random(421)
#: Every block once, with one of its numbers.
CODES = [label_code(block, CHANCE.randint(1, NUMBERS)) for block in BLOCKS]
US = "1234567890-"
#: What the same keys say elsewhere, without and with caps lock.
LAYOUTS = {
    "fr": "&é\"'(-è_çà)",
    "fr, capitals": "&É\"'(-È_ÇÀ)",
    "fr, shift lock of Windows": "1234567890°",
    "be": "&é\"'(§è!çà)",
    "de": "1234567890ß",
    "de, capitals": "1234567890ẞ",
    "ch, it, es": "1234567890'",
    "se": "1234567890+",
}


def through(text, layout):
    return text.translate(str.maketrans(US, LAYOUTS[layout]))


def test_every_single_error_is_found():
    missed = [
        (code, place, wrong)
        for code in CODES[::8]
        for place, right in enumerate(code)
        for wrong in ALPHABET
        if wrong != right and is_label(code[:place] + wrong + code[place + 1 :])
    ]
    assert missed == []


def test_every_swap_of_two_characters_is_found():
    missed = []
    for code in CODES[::8]:
        for one in range(len(code)):
            for other in range(one + 1, len(code)):
                signs = list(code)
                signs[one], signs[other] = signs[other], signs[one]
                swapped = "".join(signs)
                if swapped != code and is_label(swapped):
                    missed.append((code, swapped))
    assert missed == []


def test_a_code_is_typed_in_any_form():
    for code in CODES[::8]:
        for form in (code, code.lower(), printed(code), printed(code).lower()):
            assert read_label(form) == code
        assert read_label(f"  {' '.join(code)}\u00a0") == code
    assert compact("K7F\u20130421\u20141") == "K7F04211"


def test_a_block_begins_with_a_letter_and_has_a_digit():
    assert len(BLOCKS) == len(set(BLOCKS)) == 4680
    for text in ("7KF", "KFF", "KQ1", "K7", "k7f", "K7FF", ""):
        assert not is_block(text)
    field = block_field()
    assert field.deserialize("K7F") == "K7F"
    with pytest.raises(Exception, match="not_a_block"):
        field.deserialize("KFF")


def test_no_code_is_a_number_or_a_date_to_a_spreadsheet():
    for code in CODES:
        with pytest.raises(ValueError, match="could not convert"):
            float(code)
    assert not {code[:3] for code in CODES} & {"DEC", "FEB", "JAN"}


def test_codes_of_a_block_do_not_look_alike():
    for block in ("K7F", "C00", "X0X", "F1N"):
        every = [label_code(block, number) for number in range(1, NUMBERS + 1)]
        assert len(set(map(skeleton, every))) == len(every)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_scanner_is_understood_on_any_keyboard(layout):
    for code in CODES[::20]:
        for text in (code, code.swapcase(), printed(code), printed(code).swapcase()):
            scan = read_scan(through(text, layout), {code[:3]})
            assert (scan.code, scan.text) == (code, code), (text, scan)


def test_signs_of_a_keyboard_are_repaired_whatever_the_block():
    code = label_code("K7F", 421)
    assert read_scan(through(code, "fr")).code == code
    assert read_scan(through(code, "fr")).words.endswith("is read as K7F-0421-1")


def test_codes_of_other_systems_stay_as_they_are():
    for text in ("HF-1", "2026/12-a", "K7F04211", "K7F0412", " HF 1 ", "é", "-", ""):
        assert read_scan(text) == (text, None, "")
    for text in ("HF-1", "K7F-north", "K7F", "K7", "K7Feld-1"):
        assert read_scan(text, {"K7F"}) == (text, None, "")


def test_a_whole_code_of_an_unknown_block_stays_and_words_say_so():
    scan = read_scan("k7f-0421-1", {"C0D"})
    assert (scan.text, scan.code) == ("k7f-0421-1", None)
    assert "no block that is known here" in scan.words


def test_a_code_of_a_known_block_that_does_not_fit_is_told_with_what_it_may_be():
    scan = read_scan("K7F-0412-1", {"K7F"})
    assert (scan.text, scan.code) == ("K7F-0412-1", None)
    assert "K7F-0421-1" in scan.words
    assert read_scan(through("K7F04121", "fr"), {"K7F"}).code is None
    assert "8 characters" in read_scan("K7F-042", {"K7F"}).words


def test_what_a_wrong_code_may_be_holds():
    for code in CODES[::11]:
        wrong = code[:5] + code[6] + code[5] + code[7]
        if wrong == code:
            continue
        assert code in may_be(wrong)
        assert all(map(is_label, may_be(wrong)))
        assert why_no_label(wrong, {code[:3]})
        assert not why_no_label(code, {code[:3]})
    assert may_be("K7FO42I1") == ["K7F04211"]


def test_the_number_nought_is_given_to_nobody():
    assert not any(is_label(f"K7F0000{sign}") for sign in ALPHABET)
