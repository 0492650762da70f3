"""Every warning once: what is possible but odd, and what to do about it."""

from typing import Final

from schemas.problem_kind import Kind

#: Of one record by itself.
WITHIN: Final = {
    "thin_or_thick_layer": Kind("unusual layer thickness", "check both depths"),
    "deep_layer": Kind("deeper than 200 cm", "check the depth and its unit"),
    "high_carbon": Kind(
        "above 120 g/kg, the border between mineral and organic soil",
        "check value and unit",
    ),
    "extreme_carbon": Kind(
        "above 450 g/kg, more carbon than nearly all peat holds",
        "check value and unit",
    ),
    "low_bulk_density": Kind(
        "below 0.5 g/cm3, which only soil with more than 8 % SOC has",
        "check mass, volume and unit",
    ),
    "extreme_bulk_density": Kind(
        "below 0.1 g/cm3, lighter than nearly all peat",
        "check mass, volume and unit",
    ),
    "high_bulk_density": Kind(
        "unusually high bulk density", "check mass, volume and unit"
    ),
    "wet_soil": Kind(
        "more than 0.6 g/g water, which only soil with more than 5 % SOC holds",
        "check value and unit",
    ),
    "carbonate_possible": Kind(
        "from pH 7 on carbonate is possible, and total carbon is not organic carbon",
        "have inorganic carbon measured, or name the method that removed it",
    ),
    "percent_or_fraction": Kind(
        "less than 1 % is rare, and a fraction looks just like it",
        "if it is a fraction, enter it in percent: 0.2 is 20 %",
    ),
    "stony": Kind(
        "more than 60 % of the volume is coarse fragments", "check value and basis"
    ),
    "fragment_density_unusual": Kind(
        "coarse fragments outside 2.0 to 3.0 g/cm3", "check the value"
    ),
    "small_probe": Kind(
        "probes under 30 mm are unfit for stony soil", "note the tool used"
    ),
    "not_deleted": Kind(
        "the record to bring back was not deleted",
        "look at it: somebody brought it back before, or its deletion did not stand",
    ),
}

#: Of a record beside others, and the clock.
BETWEEN: Final = {
    "ends_at_depth": Kind(
        "the core does not go below the reference depth, and stocks in an equal mass"
        " of soil need more: a lighter core is then left without a stock",
        "sample one increment deeper, such as 30-50 cm for a stock to 30 cm; record"
        " bedrock or a hardpan if the soil ends there",
    ),
    "area_below_plots": Kind(
        "the plots drawn add up to more land than they were drawn from",
        "check the areas of the plots and the area they stand for; a plot that reaches"
        " beyond it was not drawn from it",
    ),
    "depths_end_at_depth": Kind(
        "the layers of the project end where its stocks do, and stocks in an equal mass"
        " of soil need more: a lighter core is then left without a stock",
        "add a layer below, such as 30-50 cm for a stock to 30 cm; or say why not:"
        " permille warnings explain",
    ),
    "skipped_and_sampled": Kind(
        "the point was sampled in this campaign, and the plan counts it as done",
        "delete the skip if it was meant for another point: permille skip delete",
    ),
    "core_outside_campaign": Kind(
        "the core was not taken in the days of its campaign, and rates of change count"
        " the years between the cores",
        "correct the date of the core, or the days of the campaign",
    ),
    "baseline_again": Kind(
        "a baseline is the first campaign of a plot, and this plot was sampled before",
        "make it a resampling: permille campaign edit NAME --purpose resampling",
    ),
    "layers_overlap": Kind(
        "two bags of one core overlap, and the soil they share would count twice",
        "correct the depths; a second core has a number of its own: --core-number 2",
    ),
    "layer_twice": Kind(
        "there are two bags of one layer of one core",
        "delete the one that was typed twice; a second core has a number of its own:"
        " --core-number 2; two readings of one bag are its replicates, two bags are not",
    ),
    "layer_gap": Kind(
        "no bag of the core holds the soil above this one, and without it there is no stock",
        "record the bag that is missing, or correct the depths",
    ),
    "density_unlikely": Kind(
        "mass and volume give a density that no mineral soil has; the volume follows from"
        " the diameter of the probe and the thickness of the layer",
        "check mass, diameter, depths and the number of cores in the bag",
    ),
    "analysed_too_early": Kind(
        "the laboratory analysed the bag before it was filled",
        "correct the day of analysis, or the date of the core",
    ),
    "position_at_zero": Kind(
        "longitude 0 and latitude 0 lie in the sea: the receiver had no fix",
        "read the position again, or leave it out",
    ),
    "position_exchanged": Kind(
        "the position is far from where it belongs, and would fit otherwise",
        "exchange longitude and latitude, or correct the sign",
    ),
    "position_outside": Kind(
        "the position lies outside the boundary of its plot",
        "check the position and the plot; correct whichever is wrong",
    ),
    "far_from_point": Kind(
        "the core was not taken at its point",
        "check the position, and which point it was",
    ),
    "far_from_points": Kind(
        "the place is far from all others of its plot",
        "check the position and the plot",
    ),
    "far_from_plots": Kind(
        "the place is far from all others of its project",
        "check the position, and exchange longitude and latitude if they are",
    ),
    "area_differs": Kind(
        "the area differs from that of the boundary by more than a tenth",
        "correct the area or the boundary; figures of many plots are weighed by the area",
    ),
    "label_check": Kind(
        "the code begins as a label does, and is none",
        "type or scan the label again; if the bag says so: permille warnings explain",
    ),
    "looks_alike": Kind(
        "a name that reads the same is used already",
        "if both mean the same thing, use one of them; if not, choose another name",
    ),
    "tenfold": Kind(
        "the values are about ten times larger or smaller than they should be",
        "check the unit of the whole column or file; 1 % is 10 g/kg",
    ),
    "unlike_others": Kind(
        "the value is seven times larger or smaller than others of its plot and depth",
        "look for a decimal sign in the wrong place, or another unit",
    ),
    "in_the_future": Kind("the date lies in the future", "check the laptop's clock"),
}

#: Of cells of a table whose row is kept.
IN_TABLES: Final = {
    "repeated_row": Kind(
        "the row stands in the table before, cell for cell; it counts once",
        "a second reading of a bag needs a replicate number of its own",
    ),
    "no_value_yet": Kind(
        "the cell says that there is no value; the rest of the row is kept",
        "import the table again when the value is there",
    ),
    "above_limit": Kind(
        "the cell says that the value lies above what can be measured; the rest of the row"
        " is kept",
        "have the bag analysed with less soil, and import the value",
    ),
    "below_unknown_limit": Kind(
        "the cell says that the value lies below a limit, and not which; the rest of the"
        " row is kept",
        "write it as <0.5, or give detection_limit in [[result]] of the mapping",
    ),
}
