"""Parts of reports: rows as the stock engine writes them."""

from server.report.model import ProjectFacts

PROJECT = ProjectFacts(
    code="HF",
    title="Highfield",
    organisation="Rothamsted",
    depth_cm=30.0,
    method_profile="permille",
    method_version="equivalent-mass-1",
    settings={"method": "hyman", "basis": "mineral"},
)


def square(lon=7.6, lat=47.5, side=0.004):
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return {
        "type": "Polygon",
        "coordinates": [[[lon + side * x, lat + side * y] for x, y in corners]],
    }


def change(plot="A", years=("2016", "2021"), **other):
    early, late = years
    return {
        "plot": plot,
        "from_campaign": early,
        "to_campaign": late,
        "from_date": f"{early}-10-01",
        "to_date": f"{late}-10-01",
        "depth_cm": 30.0,
        "design": "paired",
        "n0": 3,
        "n1": 3,
        "stock0_t_ha": 50.0,
        "stock1_t_ha": 51.0,
        "change_t_ha": 1.0,
        "se_t_ha": 0.25,
        "df": 2.0,
        "change_ci95_t_ha": [-0.08, 2.08],
        "p_value": 0.0572,
        "years": float(int(late) - int(early)),
        "annual_t_ha": 0.2,
        "annual_ci95_t_ha": [-0.016, 0.416],
        "rate_permille_year": 4.0,
        "rate_ci95_permille_year": [-0.32, 8.3],
        "rate_ci95_shape": "interval",
        "verdict_4permille": "not distinguishable",
        "verdict_zero": "no detectable change",
        "p_vs_4permille": 0.9,
        "co2e_t_ha_year": 0.733,
        "reasons": [],
        **other,
    }


def stocks(plot="A", campaign="2016", values=(49.0, 50.0, 51.0), **other):
    return [
        {
            "plot": plot,
            "campaign": campaign,
            "point": str(number),
            "depth_cm": 30.0,
            "soc_stock_t_ha": value,
            "reasons": [],
            **other,
        }
        for number, value in enumerate(values)
    ]
