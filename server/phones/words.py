"""What forms ask in each language of the field. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

#: The languages of forms, as ODK names them; the first is the usual one.
LANGUAGES: Final = ("English (en)", "français (fr)", "español (es)", "português (pt)")


class Words(NamedTuple):
    """One text in each of the languages."""

    en: str
    fr: str
    es: str
    pt: str


QUESTIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "campaign_id": Words("Campaign", "Campagne", "Campaña", "Campanha"),
        "plot": Words("Plot", "Parcelle", "Parcela", "Parcela"),
        "point_id": Words("Point", "Point", "Punto", "Ponto"),
        "point_of_photo": Words(
            "Point; empty for the plot as a whole",
            "Point ; vide pour la parcelle entière",
            "Punto; vacío para toda la parcela",
            "Ponto; vazio para toda a parcela",
        ),
        "number": Words(
            "Number of the core at this point",
            "Numéro de la carotte à ce point",
            "Número del testigo en este punto",
            "Número da amostra indeformada neste ponto",
        ),
        "sampled_at": Words(
            "Sampled at", "Prélevé le", "Muestreado el", "Amostrado em"
        ),
        "place": Words("Position", "Position", "Posición", "Posição"),
        "moved_because": Words(
            "Why it is not at the planned place",
            "Pourquoi ce n'est pas au point prévu",
            "Por qué no está en el lugar previsto",
            "Por que não está no local previsto",
        ),
        "tool": Words("Tool", "Outil", "Herramienta", "Ferramenta"),
        "inner_diameter_mm": Words(
            "Inner diameter, mm",
            "Diamètre intérieur, mm",
            "Diámetro interior, mm",
            "Diâmetro interno, mm",
        ),
        "cores_composited": Words(
            "Cores in one bag",
            "Carottes par sachet",
            "Testigos por bolsa",
            "Amostras por saco",
        ),
        "composite_radius_m": Words(
            "Radius they were taken in, m",
            "Rayon de prélèvement, m",
            "Radio en que se tomaron, m",
            "Raio em que foram colhidas, m",
        ),
        "depth_reached_cm": Words(
            "Depth reached, cm",
            "Profondeur atteinte, cm",
            "Profundidad alcanzada, cm",
            "Profundidade atingida, cm",
        ),
        "stop_reason": Words(
            "Why it stopped there",
            "Pourquoi s'arrêter là",
            "Por qué terminó ahí",
            "Por que parou ali",
        ),
        "layer": Words(
            "Bag of a layer",
            "Sachet d'une couche",
            "Bolsa de una capa",
            "Saco de uma camada",
        ),
        "depth_top_cm": Words("Top, cm", "Haut, cm", "Techo, cm", "Topo, cm"),
        "depth_bottom_cm": Words("Bottom, cm", "Bas, cm", "Base, cm", "Base, cm"),
        "sample_code": Words(
            "Label of the bag: scan it",
            "Étiquette du sachet : scannez-la",
            "Etiqueta de la bolsa: escanéela",
            "Etiqueta do saco: leia o código",
        ),
        "typed_code": Words(
            "Label of the bag, typed where it cannot be scanned",
            "Étiquette du sachet, tapée si elle ne se scanne pas",
            "Etiqueta de la bolsa, escrita si no se puede escanear",
            "Etiqueta do saco, digitada se não puder ser lida",
        ),
        "field_mass_g": Words(
            "Mass as taken, g",
            "Masse au champ, g",
            "Masa en campo, g",
            "Massa no campo, g",
        ),
        "bag_photo": Words(
            "Photo of the bag",
            "Photo du sachet",
            "Foto de la bolsa",
            "Foto do saco",
        ),
        "photos": Words("Photo", "Photo", "Foto", "Foto"),
        "photo": Words("Photo", "Photo", "Foto", "Foto"),
        "note": Words("Note", "Remarque", "Nota", "Nota"),
        "title_core": Words(
            "Core with its bags",
            "Carotte et ses sachets",
            "Testigo y sus bolsas",
            "Amostra e seus sacos",
        ),
        "title_photos": Words(
            "Photos of a plot or point",
            "Photos d'une parcelle ou d'un point",
            "Fotos de una parcela o un punto",
            "Fotos de uma parcela ou ponto",
        ),
    }
)
BELOW_TOP: Final = Words(
    "The bottom lies below the top.",
    "Le bas est sous le haut.",
    "La base está por debajo del techo.",
    "A base fica abaixo do topo.",
)
FROM_TO: Final = Words("{} to {}", "{} à {}", "{} a {}", "{} a {}")

CHOICES: Final[Mapping[str, Mapping[str, Words]]] = MappingProxyType(
    {
        "tool": {
            "probe": Words("probe", "sonde", "sonda", "sonda"),
            "corer": Words("corer", "carottier", "sacatestigos", "amostrador"),
            "auger": Words("auger", "tarière", "barrena", "trado"),
            "ring": Words("ring", "cylindre", "cilindro", "anel"),
            "excavation": Words("excavation", "excavation", "excavación", "escavação"),
            "pit": Words("pit", "fosse", "calicata", "trincheira"),
            "box": Words("box", "caisson", "caja", "caixa"),
            "unknown": Words("unknown", "inconnu", "desconocida", "desconhecida"),
        },
        "stop_reason": {
            "planned_depth": Words(
                "planned depth",
                "profondeur prévue",
                "profundidad prevista",
                "profundidade prevista",
            ),
            "bedrock": Words("bedrock", "roche", "roca", "rocha"),
            "hardpan": Words(
                "hardpan", "horizon induré", "capa endurecida", "camada endurecida"
            ),
            "refusal": Words("refusal", "refus", "rechazo", "impenetrável"),
            "water": Words("water", "eau", "agua", "água"),
            "other": Words("other", "autre", "otro", "outro"),
        },
    }
)
