"""What the help of each noun shows as typed: an entry, an edit, a name."""

from typing import Final

EXAMPLES: Final = {
    "organisation": "--code INRAE --name INRAE --kind member",
    "project": '--code P1 --title "Soil carbon of the valley"',
    "plot": "--code HF --land-use cropland --area-ha 2.5",
    "practice": '--plot HF --family agroforestry --what "hedges planted"',
    "design": "--plot HF --number 1 --method stratified_random --seed 42"
    " --points-drawn 10",
    "point": "--plot HF --code 1 --lon 2.35 --lat 48.85",
    "campaign": "--name 2026 --start-date 2026-05-01 --purpose baseline",
    "core": "--plot HF --point 1 --campaign 2026 --sampled-at 2026-05-03T10:15+02:00",
    "sample": "--plot HF --point 1 --campaign 2026 --sample-code HF-1"
    " --depth-top-cm 0 --depth-bottom-cm 30",
    "question_form": "erosion.xlsx --for core --write",
    "answer": "core HF/1/2026/1 slope=12 colour=brown",
    "skip": "--plot HF --point 1 --campaign 2026 --because flooded",
    "custody_event": "--sample HF-1 --step handed_over --at 2026-05-04T17:00+02:00"
    ' --who "Ada Diallo" --to-whom "LAS Arras"',
    "result": "--sample HF-1 --analyte soc --value 14.2 --unit g_kg"
    " --method dry_combustion",
    "lab_control": "--lab LAS --lab-batch B7 --analyte soc --kind reference"
    " --code CRM-A --number 1 --value 2.29 --certified-value 2.31 --unit pct",
    "lab_batch": "--lab LAS --lab-batch B7 --analyte soc --decision accepted"
    ' --reason "the laboratory confirmed the values"',
}
EDITS: Final = {
    "project": "--plot-selection random_sample --sampled-area-ha 5200",
}
#: What a core of a project usually is.
TEMPLATE: Final = '--layer-depths-cm "10 20 30" --usual-tool auger'
NAMES: Final = {
    "practice": "HF/hedges",
    "design": "HF/1",
    "point": "HF/1",
    "campaign": "2026",
    "core": "HF/1/2026/1",
    "sample": "HF-1",
    "question_form": "core/1",
    "answer": "HF/1/2026/1/slope",
    "skip": "HF/1/2026",
    "custody_event": "HF-1/handed_over/2026-05-04T17:00:00+02:00",
    "result": "HF-1/soc/1",
    "lab_control": "LAS/B7/soc/reference/CRM-A/1",
    "lab_batch": "LAS/B7/soc",
}
