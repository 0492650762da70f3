"""One plot and campaign as the derivation reads it, built record by record."""

from server.derivation.layers import layers_of
from server.store.values import DerivationInput, PlotTree

PROJECT = DerivationInput("project", "project", 1, {"code": "P", "title": "P"}, 0)
PLOT = DerivationInput("plot", "plot", 2, {"code": "P1"}, 0)
SPRING = {"name": "2026", "start_date": "2026-04-20", "end_date": "2026-05-10"}


class Tree:
    """One plot and campaign, built record by record."""

    def __init__(self):
        self.records = {"point": [], "core": [], "sample": [], "result": []}

    def add(self, kind, **fields):
        name = f"{kind} {len(self.records[kind])}"
        self.records[kind].append(DerivationInput(name, kind, 3, fields, 0))
        return name

    def core(self, point, **fields):
        when = {"sampled_at": "2026-05-01T12:00:00Z", **fields}
        return self.add("core", point_id=point, campaign_id="2026", number=1, **when)

    def bag(self, core, top, bottom, density=None, soc=None, **fields):
        if density is not None:
            fields |= {
                "bulk_density_g_cm3": density,
                "bulk_density_definition": fields.get(
                    "bulk_density_definition", "fine_in_total"
                ),
                "bulk_density_method": "ring",
            }
        sample = self.add(
            "sample", core_id=core, depth_top_cm=top, depth_bottom_cm=bottom, **fields
        )
        if soc is not None:
            said = {"unit": "g_kg", "method": "dry_combustion", "analyte": "soc"}
            self.add("result", sample_id=sample, value=soc, **said)

    def layers(self):
        campaign = DerivationInput("2026", "campaign", 4, SPRING, 0)
        return layers_of(
            PlotTree(
                project=PROJECT,
                plot=PLOT,
                campaigns=[campaign],
                points=self.records["point"],
                cores=self.records["core"],
                samples=self.records["sample"],
                results=self.records["result"],
                frozen={},
            )
        )
