"""The words of laboratories for codes, analytes and methods, in several languages."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from schemas.vocabulary import LAB_METHOD

#: Headers are looked at again and again: in each row that may be one.
_KEPT: Final = 4_096
#: Marks of footnotes.
_RAISED: Final = dict.fromkeys(map(ord, "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076"))
_NO_WORD: Final = re.compile("(?:[^\\w%\u2030]|_)+")


def plain(text: str) -> str:
    """Return a text in small letters without accents, its words with a blank between.

    >>> plain("\u00c9chantillon_N\u00b0 "), plain("C-org."), plain("N\u00ba labo")
    ('echantillon n', 'c org', 'no labo')
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_RAISED))
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return _NO_WORD.sub(" ", bare.casefold()).strip()


def _word(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_WHOSE: Final = (
    r"(?:(?:client|customer|kunden?|field|feld|your|ihre?|votre|sender|grower|submitter)"
    r"s?(?: s)? ?)?"
)
_THING: Final = (
    r"(?:soil )?(?:samples?|specimen|bags?|beutel|sac|sachet|bolsa|saco|(?:boden)?proben?"
    r"|echantillons?|prelevement|muestras?|amostras?|campion[ei]|monsters?|zak|labels?"
    r"|etikett(?:en)?|etiquet(?:as?|tes?)|codes?|codice|codigo)"
)
_NAMED: Final = (
    r"(?: ?(?:id|code|codigo|codice|no|nr|num|name|nome|nom|nombre|naam|number|nummer|numero"
    r"|bezeichnung|bez|label|n|o|ref|reference|description|identification|identifier"
    r"|identificatie|kennung|barcode))*"
)
_NAME_OF: Final = (
    r"(?:id|identifi(?:cation|cacion|cacao|cativo|ant|er)|ref|reference|referencia|riferimento"
    r"|n|no|num|numero|nome?|nombre|codigo|codice|code|bezeichnung|kennung)"
    r"(?: (?:of|the|de|del|la|do|da|du|des|di|der|d|l|il|della|dell|van|het))* ?"
)
_LAB: Final = (
    r"(?:lab|labor|laborator(?:y|io|ium)|laboratoire|labo|lims|analysis|analyse[ns]?"
    r"|anal(?:isis|isi|ise)|our|unsere?|notre)"
)
#: What a column with the code of the bag is called; and one with the laboratory's own.
CODE: Final = _word(
    rf"{_WHOSE}{_THING}{_NAMED}",
    rf"{_NAME_OF}{_WHOSE}{_THING}",
    r"id|identifiant|identificativo",
    r"(?:client|customer|kunden?|field|feld|your|ihre?|votre|vos) ?(?:id|ref|reference|no|nr|nummer)",
)
NUMBER: Final = _word(
    rf"{_LAB}(?: ?(?:no|nr|id|number|nummer|num|numero|code|ref|reference|n|samples?|proben?))+",
    rf"{_NAME_OF}{_LAB}",
    r"lims",
)
_OTHERS: Final = {
    "unit": r"units?|einheit(en)?|unites?|unidad(es|e)?|unita( di misura)?|eenheid|uom",
    "method": r"methods?|methoden?|metodo|procedure|verfahren|norme?",
    "analyte": r"analytes?|parameters?|parametre|parametro|determinand|element|test"
    r"|merkmal|kenngrosse|analyse|bestimmung",
    "value": r"values?|results?|(mess)?wert|ergebnis(se)?|valeurs?|resultats?|valore?"
    r"|resultados?|risultat[io]|resultaat|waarde",
    "replicate": r"repl?|replicates?|repeat|wiederholung|wdh|repetition|repeticion"
    r"|replica|herhaling",
    "batch": r"(lab ?)?(batch|lot|lote|lotto|charge|serie|job|report|auftrag|prufbericht"
    r"|partij)( ?(no|nr|id|n))?",
    "duplicate_of": r"(dup|duplicate|repeat|same( soil)?) ?(of|as)|doppel von|doublon de",
    "certified_value": r"certified( ?value)?|sollwert|nominal( ?value)?|valeur certifiee",
    "detection_limit": r"lod|mdl|(limit of )?detection( ?limit)?|nachweisgrenze"
    r"|limite de (detection|deteccion)",
    "analysed_on": r"(date|datum|fecha|data)( (of|der|d|de|del|di|van)( l)?)?"
    r"( (analysis|analyse|anal(isis|isi|ise)))?|analy[sz]ed( on)?|analysedatum",
}
#: What other columns are for, by what they are called.
ROLES: Final = {role: _word(pattern) for role, pattern in _OTHERS.items()}
_CARBON: Final = r"(c|carbon|kohlenstoff)"
_ANALYTES: Final = {
    "soc": rf"soc|toc|cos|cot|oc|c o|c ?orga?|c organi(c|co|sch)|org(an(ic|isch(er)?))? ?{_CARBON}"
    rf"|((soil|total) )?organic carbon|carbon organic"
    r"|(c|carbone) organique( total)?|carbono organico( (total|oxidable|do solo|del suelo))?"
    r"|carbonio organico( totale)?|organische koolstof|koolstof organisch",
    "inorganic_carbon": rf"tic|ic|sic|(an|in)org(an(ic|isch(er)?))? ?{_CARBON}"
    r"|carbon inorganic|c ?(in|an)org(anic)?|carbone inorganique"
    r"|carboni?o inorganico|anorganische koolstof",
    "total_carbon": rf"tc|c ?tot(al)?|carbon total|tot(al)? ?{_CARBON}|ct"
    rf"|gesamt ?{_CARBON}|c ?ges(amt)?|carbone total|carbono total|carbonio totale"
    r"|totale koolstof|koolstof totaal",
    "calcium_carbonate": r"caco3( ?(tot(al)?|equivalent))?|(calcium )?carbonates?( equivalent)?|carbonat[eio]s?"
    r"( total(es|i)?)?|karbonat|calcaire( total)?|calcare( totale)?|koolzure kalk",
    "organic_matter": r"s?om|m o|loi|(soil )?org(anic)? ?matter|loss on ignition|gluhverlust"
    r"|matiere organique( totale)?|materia organica|sostanza organica"
    r"|organische (stof|substanz)|perte au feu",
    "total_nitrogen": r"tn|n ?tot(al)?|tot(al)? ?n(itrogen)?|nitrogen( total)?|nt"
    r"|azote( total)?|nitrogeno( total)?|azoto( totale)?|gesamt ?(n|stickstoff)"
    r"|n ?ges(amt)?|totale? stikstof|stikstof totaal",
    "ph_water": r"ph ?(in |im |en |na )?(h2o|water|wasser|eau|agua|acqua)",
    "clay": r"clay|ton(gehalt)?|argiles?|arcilla|argila|argilla|lutum|klei",
    "water_content": r"water( content)?|moisture( content)?|wassergehalt|humidite"
    r"|humedad|umidade|umidita|vochtgehalte",
    "bulk_density_g_cm3": r"d?bd|d a|(dry )?bulk ?density|(trocken)?rohdichte|lagerungsdichte"
    r"|trd|densite apparente|densidade?( (aparente|do solo))?|densita apparente"
    r"|bulkdichtheid",
}
#: What was measured, by what its column is called.
ANALYTES: Final = {name: _word(pattern) for name, pattern in _ANALYTES.items()}
#: Symbols that mean something else in small letters: n is a number, Mo a metal.
_SYMBOLS: Final = {
    "C": "total_carbon",
    "N": "total_nitrogen",
    "MO": "organic_matter",
    "OM": "organic_matter",
}
#: Codes of rows that are no bags of ours: blanks, references, controls.
CONTROL: Final = re.compile(
    r"(blank|blk|blind|leer|blanc|blanco|crm|srm|ref|reference|std|standard|qc|control"
    r"|kontroll|check|isrm|dup)([ _.-].*|[0-9]*)?",
    re.IGNORECASE,
)
#: What a table says of its own values: rows and columns of that are no readings.
SUMMARY: Final = _word(
    r"mean( value)?|average|avg|mittel(wert)?|mw|moyenne|media|gemiddelde|median[ea]?",
    r"n|count|anzahl|sum|summe|min(imum)?|max(imum)?|std ?(dev|abw)?|stdev|sd|cv|rsd|sem?",
    r"(standard|std) (deviation|error)|standardabweichung|ecart type|unsicherheit"
    r"|(measurement )?uncertainty|incertitude|desviacion( estandar)?",
)
_REPLICATE: Final = re.compile(
    r"(?:rep|repl|replicate|repetition|repeticion|repeat|r|run|wdh|wiederholung|messung|measurement"
    r"|reading|essai|determination|bestimmung)? ?([1-9])(?:st|nd|rd|th)?"
    r"|([1-9])(?:st|nd|rd|th)? (?:rep|replicate|run|messung|bestimmung|essai|reading)"
)
_SECOND: Final = re.compile(r"dup|duplicate|repeat|second|doppelbestimmung")
_RUNNING: Final = _word(
    r"((lfd|laufende|serial|row|line|zeile) ?)?(nr|no|nummer|number|n)?|pos(ition)?"
    r"|row|line|zeile|rep|replicate|depth|tiefe|layer"
)
#: What is said of a value besides: of what it is a share, what the columns are about.
_BESIDE: Final = _word(
    r"dry( (basis|matter|soil|weight))?|dm|ts|tm|ms|ss|trocken(substanz|masse)",
    r"results?|ergebnisse|resultats?|parameters?|analys[ei]s|soil|boden|unit|einheit",
)


@lru_cache(_KEPT)
def analyte_of(name: str) -> str | None:
    """Return what was measured by what it is called; None where it is not sure.

    >>> analyte_of("Corg"), analyte_of("TIC"), analyte_of("pH"), analyte_of("pH H2O")
    ('soc', 'inorganic_carbon', None, 'ph_water')
    >>> analyte_of("N"), analyte_of("n"), analyte_of("Mati\u00e8re organique")
    ('total_nitrogen', None, 'organic_matter')
    """
    symbol = _SYMBOLS.get(name.strip())
    bare = plain(name)
    return symbol or next(
        (key for key, word in ANALYTES.items() if word.fullmatch(bare)), None
    )


@lru_cache(_KEPT)
def role_of(name: str) -> str | None:
    """Return what a column is for by what it is called, besides an analyte.

    >>> role_of("Labor-Nr"), role_of("R\u00e9f\u00e9rence \u00e9chantillon")
    ('number', 'code')
    >>> role_of("Ergebnis"), role_of("Sampling depth")
    ('value', None)
    """
    bare = plain(name)
    known: Mapping[str, re.Pattern[str]] = {"number": NUMBER, "code": CODE, **ROLES}
    return next((role for role, word in known.items() if word.fullmatch(bare)), None)


def replicate_of(text: str) -> int | None:
    """Return which reading a word says it is.

    >>> (
    ...     replicate_of("Rep. 2"),
    ...     replicate_of("dup"),
    ...     replicate_of("3"),
    ...     replicate_of("x"),
    ... )
    (2, 2, 3, None)
    """
    bare = plain(text)
    if _SECOND.fullmatch(bare):
        return 2
    found = _REPLICATE.fullmatch(bare)
    return int(found[1] or found[2]) if found else None


def is_summary(text: str) -> bool:
    """Return whether a label is that of a mean, a spread or a number of values."""
    return SUMMARY.fullmatch(plain(text)) is not None


def is_running_number(name: str) -> bool:
    """Return whether a column counts the rows.

    >>> is_running_number("Lfd. Nr."), is_running_number("#"), is_running_number("Feld")
    (True, True, False)
    """
    return _RUNNING.fullmatch(plain(name)) is not None


def is_preposition(text: str) -> bool:
    """Return whether a word is followed by what it is about: TOC in %, OC by dry combustion."""
    return plain(text) in {"in", "en", "of", "by", "via", "mit", "par"}


def is_beside(text: str) -> bool:
    """Return whether a word says nothing of what a column is."""
    return not plain(text) or _BESIDE.fullmatch(plain(text)) is not None


_STANDARD: Final = r"(din )?(nf )?(une )?(en )?iso ?"
_METHODS: Final = {
    "dry_combustion": rf"dry combustion|dumas|{_STANDARD}(10694|13878)( \d+)?|(din )?en (15936|13137)( \d+)?"
    r"|elementar.*"
    r"|leco.*|cn ?(elemental )?analy[sz]er|trockene verbrennung|combustion seche"
    r"|combustion seca|combustione secca|droge verbranding",
    "walkley_black": r"walkley( ?(and|y|e|et|und|en))?( ?black)?|w ?b",
    "loss_on_ignition": r"loss on ignition|loi|gluhverlust|perte au feu",
    "calcimeter": rf"calcimet(er|re|ro)|scheibler|bernard|{_STANDARD}10693( \d+)?",
    "kjeldahl": rf"kjeldahl|{_STANDARD}11261( \d+)?",
    "electrode": rf"(glass )?electrode|{_STANDARD}10390( \d+)?",
}


def method_of(text: str) -> str | None:
    """Return our name of a procedure; None for one that we do not know.

    >>> (
    ...     method_of("DIN ISO 10694"),
    ...     method_of("dry_combustion_after_acid"),
    ...     method_of("magic"),
    ... )
    ('dry_combustion', 'dry_combustion_after_acid', None)
    """
    code = text.strip().lower()
    if code in LAB_METHOD.codes:
        return code
    bare = plain(text)
    return next(
        (name for name, word in _METHODS.items() if re.fullmatch(word, bare)), None
    )
