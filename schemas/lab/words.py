"""The words of laboratories for codes, analytes and methods, in several languages."""

import re
from typing import Final

from schemas.tables.head import unit_of
from schemas.vocabulary import LAB_METHOD

#: What a column with the code of the bag is called; and one with the laboratory's own.
CODE: Final = re.compile(
    r"(client|customer)[ _-]*(id|ref|no|nr)|(client('?s)?|customer|field|your|kunden)?[ _-]*(sample|bag|probe|proben?|echantillon"
    r"|\u00e9chantillon|muestra|amostra|label|etikett|code|c\u00f3digo|codigo)"
    r"[ _.-]*(id|code|no|nr|name|number|nummer|bezeichnung|label|n\u00b0)?\.?",
    re.IGNORECASE,
)
NUMBER: Final = re.compile(
    r"(lab(or)?|laborator(y|io)|labo|lims|analysis|analyse[ns]?|our)[ _.-]*"
    r"(no|nr|id|number|nummer|code|ref|n\u00b0|num\u00e9ro)?\.?",
    re.IGNORECASE,
)
_OTHERS: Final = {
    "unit": r"units?|einheit|unit\u00e9|unidad",
    "method": r"method|methode|m\u00e9thode|m\u00e9todo|procedure",
    "analyte": r"analyte|parameter|param\u00e8tre|determinand|element",
    "value": r"value|result|wert|ergebnis|valeur|r\u00e9sultat|valor|resultado",
    "replicate": r"rep\.?|replicate|repeat|wiederholung|r\u00e9p\u00e9tition",
    "batch": r"(lab[ _-]*)?(batch|lot|charge|serie|job|report)([ _.-]*(no|nr|id))?\.?",
    "analysed_on": r"(date|datum|fecha)( of)?( analysis| der analyse)?"
    r"|analy[sz]ed([ _-]*on)?|analysedatum|date d'analyse",
}
#: What other columns are for, by what they are called.
ROLES: Final = {
    role: re.compile(pattern, re.IGNORECASE) for role, pattern in _OTHERS.items()
}
_ANALYTES: Final = {
    "soc": r"soc|toc|c ?org|org(anic|\.)? ?c(arbon)?|oc|corg|soil organic carbon"
    r"|carbone organique|carbono org\u00e1nico|organischer kohlenstoff",
    "inorganic_carbon": r"tic|ic|sic|inorg(anic|\.)? ?c(arbon)?|c ?inorg",
    "total_carbon": r"tc|c ?tot(al)?|tot(al|\.)? ?c(arbon)?|ct?|carbone total",
    "calcium_carbonate": r"caco3|carbonates?|karbonat|calcaire( total)?",
    "organic_matter": r"s?om|loi|org(anic|\.)? ?matter|loss on ignition|gl\u00fchverlust"
    r"|mati\u00e8re organique",
    "total_nitrogen": r"tn|n ?tot(al)?|tot(al|\.)? ?n(itrogen)?|n|nt|azote total",
    "ph_water": r"ph ?\(?(h2o|water|wasser|eau)\)?",
    "clay": r"clay|ton|argile|arcilla",
    "water_content": r"water( content)?|moisture|wassergehalt|humidit\u00e9",
    "bulk_density_g_cm3": r"bd|bulk ?density|rohdichte|lagerungsdichte|trd"
    r"|densit\u00e9 apparente|densidad aparente",
}
#: What was measured, by what its column is called.
ANALYTES: Final = {
    name: re.compile(pattern, re.IGNORECASE) for name, pattern in _ANALYTES.items()
}
_UNKNOWN_PH: Final = re.compile(r"ph([ _(].*)?", re.IGNORECASE)
#: Codes of rows that are no bags of ours: blanks, references, controls.
CONTROL: Final = re.compile(
    r"(blank|blk|blind|leer|blanc|blanco|crm|srm|ref|reference|std|standard|qc|control"
    r"|kontroll|check|isrm|dup)([ _.-].*|[0-9]*)?",
    re.IGNORECASE,
)
#: A header that ends in the depths of a layer: SOC_0-10, SOC 10-30 cm.
_WITH_DEPTHS: Final = re.compile(
    r"(?P<name>.*?[^\W\d_])[ _]*(?P<top>[0-9]+(?:[.,][0-9]+)?)[ ]*[-_\u2013][ ]*"
    r"(?P<bottom>[0-9]+(?:[.,][0-9]+)?)[ ]*(?:cm)?",
    re.IGNORECASE,
)
#: A header that ends in its unit: SOC (g/kg), SOC [%], SOC_pct, SOC %.
_WITH_UNIT: Final = re.compile(
    r"(?P<name>.*?)[ _,]*(?:[(\[](?P<in>[^)\]]+)[)\]]|(?P<after>%|g/kg|mg/kg|g/cm3|pct|g_kg"
    r"|mg_kg|g_g|g_cm3|kg_m3))",
    re.IGNORECASE,
)


def named_with_unit(header: str) -> tuple[str, str]:
    """Return the name and the unit that a header says, the unit empty where it says none.

    >>> named_with_unit("SOC (g/kg)"), named_with_unit("Corg %"), named_with_unit("pH")
    (('SOC', 'g/kg'), ('Corg', '%'), ('pH', ''))
    >>> named_with_unit("pH (H2O)"), named_with_unit("soc_g_kg")
    (('pH (H2O)', ''), ('soc', 'g_kg'))
    """
    plain = " ".join(header.split())
    if plain.startswith("%"):
        return plain[1:].strip(), "%"
    found = _WITH_UNIT.fullmatch(plain)
    if not found:
        return plain, ""
    unit = (found["in"] or found["after"]).strip()
    # pH (H2O) says in what, not in which unit.
    return (found["name"].strip(), unit) if unit_of(unit) else (plain, "")


def named_with_depths(name: str) -> tuple[str, tuple[float, float] | None]:
    """Return a name without the depths that it ends in, and these in cm.

    >>> named_with_depths("SOC_0-10"), named_with_depths("TOC 10 - 30 cm")
    (('SOC', (0.0, 10.0)), ('TOC', (10.0, 30.0)))
    >>> named_with_depths("SOC"), named_with_depths("pH H2O")
    (('SOC', None), ('pH H2O', None))
    """
    found = _WITH_DEPTHS.fullmatch(name)
    if not found:
        return name, None
    top, bottom = (float(found[part].replace(",", ".")) for part in ("top", "bottom"))
    return (found["name"].strip(), (top, bottom)) if top < bottom else (name, None)


def analyte_of(name: str) -> str | None:
    """Return what was measured by what it is called; None where it is not sure.

    >>> analyte_of("Corg"), analyte_of("TIC"), analyte_of("pH"), analyte_of("pH H2O")
    ('soc', 'inorganic_carbon', None, 'ph_water')
    """
    plain = " ".join(name.replace("_", " ").split())
    return next((key for key, word in ANALYTES.items() if word.fullmatch(plain)), None)


def is_unknown_ph(name: str) -> bool:
    """Return whether a column is a pH that does not say in what: CaCl2 is not water."""
    return analyte_of(name) is None and _UNKNOWN_PH.fullmatch(name) is not None


_METHODS: Final = {
    "dry_combustion": r"dry[ _]combustion|dumas|iso[ _-]?10694|elementar.*|leco.*|cn[ _-]?analy[sz]er"
    r"|trockene verbrennung|combustion s\u00e8che|combusti\u00f3n seca",
    "walkley_black": r"walkley[ _&-]*(and[ _])?black|wb",
    "loss_on_ignition": r"loss[ _]on[ _]ignition|loi|gl\u00fchverlust",
    "calcimeter": r"calcimet(er|re)|scheibler|iso[ _-]?10693",
    "kjeldahl": r"kjeldahl",
    "electrode": r"electrode|glass electrode|iso[ _-]?10390",
}


def method_of(text: str) -> str | None:
    """Return our name of a procedure; None for one that we do not know.

    >>> (
    ...     method_of("ISO 10694"),
    ...     method_of("dry_combustion_after_acid"),
    ...     method_of("magic"),
    ... )
    ('dry_combustion', 'dry_combustion_after_acid', None)
    """
    plain = text.strip().lower()
    if plain in LAB_METHOD.codes:
        return plain
    return next(
        (
            name
            for name, word in _METHODS.items()
            if re.fullmatch(word, plain, re.IGNORECASE)
        ),
        None,
    )
