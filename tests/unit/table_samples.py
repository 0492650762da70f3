"""Rows for every table that a command prints: as wide as real ones get."""

CODES = (
    "BD_ESTIMATED SEASON_DIFFERS METHOD_CHANGED CARBONATE_UNCORRECTED DEPTHS_DIFFER"
    " EXTRAPOLATED CONTESTED"
)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ID = "0190a2b1-7c3d-7e44-9b1f-2f6f0a3c9d11"
AT = "2026-05-03T09:30:00+02:00"
NAME = "Amandine de la Rochefoucauld on north-team-laptop-7"
NOTE = "measured again with the long ruler, because the first one had lost its end"
SIDES = "depth-top-cm 10, depth-bottom-cm 30, note between the hedges"
CORE = "Highfield-north-07/12/Spring 2026/1"
BAG = "HF-2026-0004711"
PURPOSES = "sampling, contact, publication-of-coordinates, sharing-with-partner"
NUMBERS = ("-14.08 (-15.83 to -11.59)", "-1234.56 (-2345.67 to 1234.56)")

#: A list of each type, as rows of its columns without project and state.
LISTED = {
    "organisation": ("INRAE-UREP", "Institut national de recherche", "member", "FR"),
    "project": ("HF-LTE", "Highfield ley-arable", "ROTHAMSTED", "0190a2b1-7c3d"),
    "plot": (
        "Highfield-07",
        "Upper field",
        "permanent_crops",
        1234.5678,
        "wet",
        "Farm",
    ),
    "practice": ("HF/hedges planted", "agroforestry", "2019-04-01", "2026-12-31"),
    "design": ("Highfield-07/2", "stratified_random", 12, 4294967295, 25.5),
    "point": ("Highfield-07/12", "Highfield-07", 2.3512345, 48.8512345),
    "campaign": ("Spring 2026", "2026-05-01", "2026-05-10", "resampling"),
    "core": (CORE, AT, "auger", 100.5),
    "sample": (BAG, "Highfield-north-07", "12", "Spring 2026", 1, "102.5-130.5"),
    "question_form": ("sample/12", "Erosion of the valley", "2026-05-01", "erosion 3"),
    "answer": (f"{CORE}/rill_depth", "crust rills", NOTE),
    "skip": ("Highfield-north-07/12/Spring 2026", NOTE, "2026-05-03"),
    "custody_event": (
        f"{BAG}/handed_over/{AT}",
        "Ada Diallo",
        "LAS Arras",
        "BOX-12",
        "store",
    ),
    "lab_control": (
        "LAS Arras/2026-118/total_nitrogen/reference/CRM-A/12",
        12.3456,
        12.3,
        "",
        "g_kg",
    ),
    "lab_batch": (
        "LAS/2026-118/total_nitrogen",
        "accepted",
        "measured again",
        "Ada Bo",
    ),
    "result": (
        f"{BAG}/total_carbon/1",
        123.4567,
        "g_kg",
        "dry_combustion_analyser",
        "Highfield-north-07/12/Spring 2026",
        "102.5-130.5",
    ),
}

ROWS = {
    "checked labels": [
        ("K7F-0421-1", "a label of another laptop", f"{CORE} 102.5-130.5 cm"),
        (BAG, "its check character does not fit, it may be K7F-0421-1", ""),
    ],
    "story of a bag": [(AT, "handed_over", NAME, "LAS Arras", "BOX-12", NOTE)],
    "results of a bag": [
        ("total_carbon", 123.4567, "g_kg", "dry_combustion", "LAS Arras", "2026-118")
    ],
    "bags of a box": [
        ("K7F-0421-1", CORE, "102.5-130.5 cm", f"boxed in box BOX-12, {AT}, {NAME}")
    ],
    "points that are drawn": [("Highfield-07/D2-12", "-48.8512345", "-102.3512345")],
    "points that are not as drawn": [
        ("Highfield-07/D2-12", "moved", "12.34"),
        ("-48.8512345, -102.3512345", "gone", ""),
    ],
    "points to visit": [
        ("Highfield-07/D2-12", "1234", "NW", "315", "-48.8512345", "-102.3512345")
    ],
    "points visited": [("Highfield-07/12", "done", "123", NOTE)],
    "points to visit again": [
        ("12", "12-Spring 2026", "123.4", "12.3", "its cores were taken elsewhere")
    ],
    "enrolment codes": [(123, "K7QF9-3MD0X", NAME, AT)],
    "what administrators did": [
        (
            1234,
            AT,
            f"{NAME} (soil-admin)",
            "attachments unnamed",
            f"project HF-LTE, reason {NOTE}",
            "HF-LTE, WOBURN-7",
            f"stopped: {NOTE} in 12 steps",
        )
    ],
    "people": [(NAME, "amandine", "2026-05-03", "manager in HF-LTE, lab in WB", 2)],
    "tokens": [
        (NAME, "0190a2b1", AT[:16], "collector", "2027-06-30", AT[:16], "HF-LTE, W-7")
    ],
    "webhooks": [
        (
            *("https://hooks.soil-monitoring.example.org/permille", "0190a2b1"),
            *("HF-LTE", "campaign-complete, lab-batch-failed", 100, 12, "yes"),
        )
    ],
    "hosts that may be told": [("hooks.soil-monitoring.example.org",)],
    "deliveries": [
        (
            *(AT[:16], "campaign-complete", "hooks.soil-monitoring.example.org"),
            *("given up", 9, AT[:16], "answered 302; redirects are not followed"),
        )
    ],
    "contacts": [
        (NAME, "0190a2b1", "HF-LTE", "HF, HG", PURPOSES, "2026-05-03", "2027-05-03")
    ],
    "consents": [
        (
            *(NAME, "0190a2b1", "publication-of-coordinates", "2026-05-03", "e-mail"),
            *("2031-05-03", "2027-05-03", "yes"),
        )
    ],
    "contacts that are due": [(NAME, "0190a2b1", "HF-LTE", "2026-05-03", 1234)],
    "records of an export": [(f"sample {BAG}", "already here", SIDES)],
    "found": [("sample", BAG, f"note {NOTE}")],
    "records that meet": [(f"{BAG}/soc/1", SIDES)],
    "records that stay": [(f"result {BAG}/soc/1", f"{NAME} has written note since")],
    "operations": [
        ("3f9a2c1b", AT, "import", "results-2026-LAS.csv, densities.csv", 1234, NAME)
    ],
    "layers of a core": [(102.5, 130.5, BAG, 1261.5)],
    "done on a day": [("Highfield-north-07", 120, 360, NAME)],
    "drafts": [
        (
            12,
            "bags of a core",
            CORE,
            f"102.5-130.5={BAG}:1261.5 130.5-150=HF-2026-0004712:1162",
            NAME,
            AT[:16],
        )
    ],
    "versions of questions": [
        ("sample/12", "before", 120, "2026-05-01", "Erosion of the valley"),
    ],
    "questions of a form": [
        ("rill_depth", "select_multiple", NOTE, "any of crust, rills", "${slope} > 12"),
    ],
    "readings": [
        (
            118,
            "24-ABC001-01-A",
            "total_carbon",
            "15,2",
            "14.9 g_kg",
            "several bags",
            "it may be 24-ABC001-01-A or 24-ABC001-01-a",
        ),
    ],
    "places": [
        (
            1187,
            "point Highfield-north-07/HF-north-0012",
            "several plots",
            "it lies in several plots: Highfield-north-07, Highfield-north-08; say which",
        ),
    ],
    "batches": [
        (
            "LAS Arras",
            "2026-118",
            "total_nitrogen",
            1200,
            48,
            "to be looked at",
            "accepted",
            "accepted: measured again (Ada Example); reference CRM-A: 2, 90.0% of 2.31",
        ),
    ],
    "expected": [("Spring 2026", "LAS Arras", "2026-118", 1200, "2026-05-20", 120)],
    "bags": [
        (
            "Spring 2026",
            "LAS Arras",
            "2026-118",
            "24-ABC001-01-A",
            "P1/1/Spring 2026/1",
            "0-30",
        )
    ],
    "conflicts": [(f"core {CORE}", SIDES, SIDES, SIDES, NAME, AT[:16], "open")],
    "sides of a conflict": [("also recorded", SIDES, NAME, AT[:16])],
    "attached files": [
        (f"core {CORE}", "IMG_20260503_093012.jpg", 26214400, HASH[:12], "sending 99 %")
    ],
    "receipts": [(ID, 12345, 12345, AT, "not checked")],
    "SOC stock changes": [
        (
            "Highfield",
            "1978 - 1987",
            "12 of 16",
            "142.53",
            "138.01",
            *NUMBERS,
            "not distinguishable",
            CODES,
        )
    ],
    "SOC stocks": [("Highfield", "2026", "12", 30, "101.25", CODES)],
    "open conflicts": [
        ("HF-LTE", f"core {CORE}", f"{SIDES} ({NAME})", SIDES, NAME, AT[:16])
    ],
    "settled conflicts": [("HF-LTE", f"core {CORE}", SIDES, SIDES, SIDES, NOTE, NAME)],
    "changes that wait": [
        (
            "HF-LTE",
            f"core {CORE}",
            "depth-bottom-cm",
            "700",
            f"{NOTE} [out_of_range]",
            NOTE,
            NAME,
            "quarantined",
            ID,
        )
    ],
    "what waits": [
        (
            "3f9a2c1b04de",
            "quarantine",
            "HF-LTE",
            f"core {CORE}",
            f"depth-bottom-cm = 700: {NOTE}",
            NAME,
            1234,
            "release, discard",
        )
    ],
    "what is left": [("3f9a2c1b04de", f"core {CORE}", NOTE)],
    "a change as sent": [("depth-bottom-cm", "700", "30", f"{NOTE} [x_y]", NOTE)],
    "laptops": [
        (
            "north-team-laptop-7",
            "0190a2b1-7c3d",
            AT[:19],
            AT[:19],
            AT[:19],
            "HF-LTE, WB-LTE, RE-2026",
            "2 enrolments",
        )
    ],
    "projects": [
        (
            "HF-LTE",
            "Highfield ley-arable",
            "ROTHAMSTED",
            "0190a2b1-7c3d",
            30.0,
            1200,
            123456,
            12,
        )
    ],
    "timelines of the server": [(12, ID, AT, "restored by hand", NAME)],
    "files that records name": [
        (
            f"core {CORE}",
            "IMG_20260503_093012.jpg",
            26214400,
            HASH[:12],
            "arriving 99 %",
        )
    ],
    "files that nothing names": [(HASH, 26214400, AT[:19], "waits")],
    "limits": [
        ("connections", 2_000, 2_000, 10, 100_000, "connections at once, in all"),
    ],
    "purged records": [("HF-LTE (0190a2b1)", 123456)],
    "what the server holds": [("records: sample", 1234567)],
    "portfolio by area": [
        (
            "land_use HF permanent crops",
            "12 of 16",
            "1234.56 for 5200 of 5200 (24 %)",
            "142.53 to 138.01",
            "-1.234",
            "-15.831 to -11.592",
            "-123",
            "-452",
            "-1230 to 452",
            "not distinguishable",
        )
    ],
    "portfolio by rate": [
        (
            "land_use HF permanent crops",
            "-14.08",
            "unbounded to -11.59 and beyond",
            "not distinguishable",
            "not distinguishable (4)",
            "12 first to last",
            "12",
            CODES,
        )
    ],
    "year": [("first and last stock, t C/ha", "101.25 and 107.5", "101.25 and 104.0")],
    "year by group": [
        (
            "conservation agriculture",
            "123456 of 654321",
            "-14.081",
            "unbounded to -11.590 and beyond",
            "-123,456",
            "no detectable change",
            "-98,765",
        )
    ],
    "year of all": [
        (
            "ROTH, Rothamsted Research",
            "123456 of 654321",
            "-123,456",
            "-452,672",
            "-512,000 to -393,000",
            "no detectable change",
            "-14.08",
            "not distinguishable (4)",
            "-98,765",
        )
    ],
    "programme": [("HF-LTE", 12345, 1234, 1234, 1234, 1234, 1234, 123)],
    "not assessable": [
        (1234, "the laboratory method changed between campaigns", NOTE),
    ],
    "plots of a programme": [
        (
            "HF-LTE",
            "Highfield-north-07",
            "Spring 2016 - Spring 2026",
            "-14.08",
            "unbounded to -11.59 and beyond",
            "not distinguishable",
            f"{NOTE} (METHOD_CHANGED)",
        )
    ],
    "stages of a campaign": [("handed over", 123456, 12345, "2026-05-04")],
    "who recorded points": [(NAME, 12345, 1234, "1234 planned, 123 handed over")],
    "plots of a campaign": [
        ("Highfield-north-07", 120, 12, "12 planned, 12 handed over, 96 at the lab")
    ],
    "points of a campaign": [
        ("Highfield-north-07/12", "handed over", "2026-05-04", 1234, "late", NAME)
    ],
    "stocks": [("Highfield", "2026", "12", "101.25", "3712", "100.0", "142.53", CODES)],
    "stocks in an equal mass": [
        ("Highfield", "2026", "12", "101.25", "3712", "4001", "yes")
    ],
    "stock changes": [
        (
            "Highfield",
            "1978",
            "1987",
            "9.12",
            "unpaired",
            "12 of 16",
            "-14.08",
            "-15.83 to -11.59",
            "<0.0001",
            "equal mass",
            "not distinguishable",
        )
    ],
    "trends": [
        (
            "Highfield",
            "1978",
            "2014",
            "12",
            "16",
            "-0.123",
            "-0.456 to 0.123",
            "0.0412",
            "-0.123 (-0.456 to 0.123)",
            CODES,
        )
    ],
    "verdicts": [
        (
            "Highfield",
            "1978",
            "1987",
            "-14.08",
            "-15.83 to unbounded and beyond",
            "-45.21",
            "not distinguishable",
            CODES,
        )
    ],
    "phones": [
        (NAME, "0190a2b1", "HF-LTE (0190a2b1)", NAME, AT, AT, AT),
    ],
    "forms that phones sent": [
        (
            "HF-LTE (0190a2b1)",
            NAME,
            AT,
            "permille_photos",
            123,
            12,
            34,
            "1777882512345.jpg, 1777882598765.jpg",
            f"uuid:{ID}",
        )
    ],
    "changes of a form": [(f"sample {BAG}", "quarantined", NOTE, ID)],
    "files of a form": [("1777882512345.jpg", 26214400, "application/pdf", HASH)],
}
