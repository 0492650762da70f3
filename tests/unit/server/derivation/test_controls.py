"""Which changes stand beside each other, whoever derived them and when."""

from server.derivation.controls import against_controls

PLOTS = {"T": {"code": "T", "control_plots": ["C"]}, "C": {"code": "C"}}


def old_row(plot):
    """A change as it was stored before errors were: `stocks show` passes it on."""
    return {"plot": plot, "from_campaign": "a", "to_campaign": "b", "change_t_ha": 1.0}


def test_changes_that_an_older_version_derived_are_passed_over():
    assert against_controls([old_row("T"), old_row("C")], PLOTS) == {}
