"""What a person may choose about stocks and changes; kept beside every result."""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from server.stocks.choices import Basis, Method, Reference
from server.stocks.monotone import Interpolant


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person may choose; a reference that is a number is a mass in t/ha."""

    depth_cm: float = 30.0
    method: Method = Method.FIXED_DEPTH
    basis: Basis = Basis.MINERAL
    reference: Reference | float = Reference.MEAN

    def __post_init__(self) -> None:
        mass = self.reference
        if not isinstance(mass, Reference) and not mass > 0.0:
            raise ValueError("a reference mass must be positive")

    @property
    def equal_mass(self) -> bool:
        """Whether stocks in an equal mass stand beside those to a fixed depth."""
        return self.method is not Method.FIXED_DEPTH

    @property
    def version(self) -> str:
        """Name of the method, stored with each result."""
        return "equivalent-mass-2" if self.equal_mass else METHOD_VERSION

    def curve(self, fewest_increments: int) -> Interpolant:
        """Return the curve of a plot whose shortest profile has so many layers.

        >>> Settings(method=Method.VM0042).curve(2)
        <Interpolant.LINEAR: 'linear'>
        """
        if self.method is Method.VM0042:
            return Interpolant.LINEAR if fewest_increments < 3 else Interpolant.HYMAN
        return Interpolant(self.method.value)


METHOD_VERSION: Final = "fixed-depth-2"
DEFAULT_SETTINGS: Final = Settings()

#: What one word on a command line or in a project stands for.
PROFILES: Final = MappingProxyType(
    {method.value: Settings(method=method) for method in Method}
    | {
        "permille": Settings(method=Method.HYMAN),
        "vm0042": Settings(
            method=Method.VM0042, basis=Basis.FINE, reference=Reference.POINT
        ),
        "wendt_hauser": Settings(method=Method.NATURAL, basis=Basis.FINE),
    }
)


def choose_settings(
    profile: str,
    *,
    depth_cm: float = DEFAULT_SETTINGS.depth_cm,
    basis: str | None = None,
    reference: str | float | None = None,
) -> Settings:
    """Return the settings of a profile, with what is chosen beside it.

    Raises `ValueError` for a word that is not in `PROFILES`, `Basis` or `Reference`,
    and for a reference mass that is not a positive number.

    >>> chosen = choose_settings("wendt_hauser", reference="3900")
    >>> chosen.method.value, chosen.basis.value, chosen.reference
    ('natural', 'fine', 3900.0)
    """
    if profile not in PROFILES:
        raise ValueError(f"no such method: {profile}")
    chosen = replace(PROFILES[profile], depth_cm=depth_cm)
    if basis is not None:
        chosen = replace(chosen, basis=Basis(basis))
    if reference is None:
        return chosen
    words = {word.value: word for word in Reference}
    kept = words[reference] if reference in words else float(reference)
    return replace(chosen, reference=kept)
