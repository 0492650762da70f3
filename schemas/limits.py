"""Every bound once, with its reason.

Sizes are bytes, lengths are characters, times are seconds unless the name says
otherwise.
"""

from typing import Final

# Text ------------------------------------------------------------------------
CODE_CHARS: Final = 64  # fits a printed bag label and a QR code of version 4
NAME_CHARS: Final = 200  # one line on a screen or report
NOTE_CHARS: Final = 4_000  # a long paragraph typed in the field
SET_ITEMS: Final = 50  # a large crew
EXPLANATIONS: Final = 12  # warnings of one record that were explained
EXPLANATION_CHARS: Final = 400  # the warning, why, and who says so
WHY_CHARS: Final = 160  # two lines of a screen

# Soil ------------------------------------------------------------------------
# A value outside its limits is refused; outside its warning band it only warns.
DEPTH_MAX_CM: Final = 500.0  # deeper is geology, not a soil sample
THICKNESS_WARN_CM: Final = (1.0, 60.0)
DEPTH_WARN_CM: Final = 200.0
SOC_MAX_G_KG: Final = 580.0  # pure organic matter is about 58 % carbon
SOC_ORGANIC_G_KG: Final = 120.0  # border of mineral and organic soil
SOC_WARN_G_KG: Final = 450.0  # more than nearly all peat holds
IC_MAX_G_KG: Final = 120.0  # pure CaCO3 is 12 % carbon
BULK_DENSITY_FINE_G_CM3: Final = (0.01, 2.65)  # GloSIS limits, fine earth
BULK_DENSITY_WHOLE_G_CM3: Final = (0.01, 3.6)  # GloSIS limits, whole soil
BULK_DENSITY_PEAT_G_CM3: Final = 0.1  # lighter than nearly all peat
BULK_DENSITY_ORGANIC_G_CM3: Final = 0.5  # lighter only with more than 8 % SOC
BULK_DENSITY_FINE_WARN_G_CM3: Final = 1.9  # arable surface soil is 1.1 to 1.7
BULK_DENSITY_WHOLE_WARN_G_CM3: Final = 2.2
WET_DENSITY_WARN_G_CM3: Final = 2.5  # whole soil with its pores full of water
COARSE_WARN_VOLUME_PCT: Final = 60.0
RINGS: Final = (1, 1_000)  # rings that one bulk density is the mean of
RINGS_CV_PCT: Final = (0.1, 100.0)  # rings of a plot differ by 2 to 10 %, never by 0
FRACTION_WARN_PCT: Final = 1.0  # percents below may be fractions
FRAGMENT_DENSITY_G_CM3: Final = (0.5, 5.0)
FRAGMENT_DENSITY_WARN_G_CM3: Final = (2.0, 3.0)  # most rock; 2.65 is the default
WATER_MAX_G_G: Final = 20.0  # saturated peat
WATER_WARN_G_G: Final = 0.6  # wetter only with more than 5 % SOC
PH_RANGE: Final = (1.5, 13.0)  # GloSIS limits
PH_CARBONATE: Final = 7.0  # from here on carbonate is possible
PH_CARBONATE_FREE: Final = 6.5  # carbonate dissolves below: none is left
PROBE_DIAMETER_MM: Final = (5.0, 500.0)
PROBE_WARN_MM: Final = 30.0  # narrower probes push stones aside
MASS_MAX_G: Final = 1_000_000.0  # one tonne: more is a typing error
BALANCE_G: Final = 0.01  # what a field balance reads to
VOLUME_MAX_CM3: Final = 1_000_000.0
SOIL_MASS_MAX_T_HA: Final = 100_000.0  # five metres of soil weigh 75,000 t/ha
TARGET_PERMILLE_YEAR: Final = (-1000.0, 1000.0)  # doubling or losing all in a year
AREA_MAX_HA: Final = 1_000_000.0  # larger than any farm: a typing error
ACCURACY_MAX_M: Final = 100_000.0
FIX_ERROR_M: Final = 15.0  # a position of a telephone under trees
FAR_FROM_POINT_M: Final = 50.0  # a core that far off is of another point
FAR_FROM_PLOT_M: Final = 2_000.0  # places of one plot lie within a walk
FAR_FROM_PLOTS_M: Final = 500_000.0  # plots of one project lie in one region
AREA_DIFFERS: Final = 0.1  # a field measured twice differs by a few percent
CORES_MAX: Final = 1_000  # cores in one composite bag
REPLICATES_MAX: Final = 100
CONTROLS_MAX: Final = 10_000  # of one code in one batch
DESIGNS_MAX: Final = 1_000  # a plot drawn anew each year for a lifetime is less
DESIGN_POINTS_MAX: Final = 1_000  # points of one plot
SEED_MAX: Final = 2**32 - 1  # typed from paper, and enough
SATELLITES_MAX: Final = 200  # all that are above the Earth's horizon, of every system
FIX_AGE_MAX_S: Final = 86_400.0  # a position of yesterday is none
FIXES_MAX: Final = 100_000  # a day, once a second
BLANK_MAX_G_KG: Final = 50.0  # more is no blank
RADIUS_MAX_M: Final = 1_000.0
RESULT_MAX: Final = 1e9  # any analyte in any unit; UNITS of schemas.rules is narrower
BRIDGE_FACTOR: Final = (0.2, 5.0)  # methods further apart measure something else
BRIDGE_FACTOR_SE: Final = 1.0
BRIDGE_PAIRS: Final = (10, 1_000_000)  # fewer pairs say too little of a factor
RECOVERY_FACTOR: Final = (0.5, 3.0)  # published factors lie between 1.0 and 1.4

# Questions of a project ------------------------------------------------------
QUESTIONS: Final = 300  # of one form: more than anybody answers at a hole
CHOICES: Final = 1_500  # of all questions of a form
CHOICE_VALUES: Final = 12  # columns that a filter of choices speaks of
QUESTION_CHARS: Final = 1_000  # a label or a hint in one language
EXPRESSION_CHARS: Final = 1_000  # a condition that somebody can still read
EXPRESSION_DEPTH: Final = 80  # brackets and signs within each other
LANGUAGES: Final = 12
QUESTIONS_BYTES: Final = 200 * 1024  # leaves room in LINE_BYTES for all that is beside
FORMS_MAX: Final = 10_000  # versions of one project
FORM_FILE_BYTES: Final = 4 * 1024 * 1024  # a workbook with QUESTIONS and pictures
FORM_UNPACKED_BYTES: Final = 64 * 1024 * 1024
ANSWER_MAX: Final = 1e15  # beyond it a number is not exact to a unit
PATTERN_TIMEOUT_S: Final = 0.05  # a pattern that takes longer never ends

# Dates -----------------------------------------------------------------------
YEAR_RANGE: Final = (1800, 2200)  # soil archives reach back to 1843

# Geometry --------------------------------------------------------------------
# A position is 76 bytes of JSON at most, so the largest geometry takes 228,000
# of LINE_BYTES and leaves room for the longest note and the most attachments.
GEOMETRY_POSITIONS: Final = 3_000  # a boundary of 6 km with a corner every 2 m
POLYGONS: Final = 100
ALTITUDE_M: Final = (-1_000.0, 10_000.0)  # from the Dead Sea to the highest summit

# Sync ------------------------------------------------------------------------
LINE_BYTES: Final = 320 * 1024  # one change: the largest plot fits
LINE_DEPTH: Final = 32  # nested brackets; a plot's geometry in a conflict needs 10
LINE_VALUES: Final = (
    20_000  # the largest geometry has 12,000; each takes 100 bytes built
)
ANSWER_VALUES: Final = 200_000  # of a line of an answer: a row with its conflicts
BODY_VALUES: Final = 100_000  # 500 changes have 10,000; a batch of boundaries 60,000
BATCH_CHANGES: Final = 500  # one server transaction of about 50 ms
# A laptop on a bad link sends few; unfolding costs a server 30 us a change, and who sends
# thousands is on a good link.
FOLDED_CHANGES: Final = 200  # of a request by columns, advised: a week of one crew
# Batches and pages must pass between two breaks of a bad link, or nothing ever does: a
# link of 64 kbit/s that breaks every 30 s carries 240 kB, and long notes in prose pack
# to half their length.
BATCH_BYTES: Final = 384 * 1024  # 500 changes fit; prose takes 24 s on that link
BODY_BYTES: Final = 2 * 1024 * 1024  # compressed or not, as it arrives
UNPACKED_BYTES: Final = 4 * 1024 * 1024  # of a request: bounds a decompression bomb
ANSWER_BYTES: Final = 8 * 1024 * 1024  # of an answer, unpacked
BODY_TIMEOUT_S: Final = 300.0  # 1 MiB at 32 kbit/s takes 262 s
PAGE_ROWS: Final = 2_000  # rows of one response: bounds memory on both sides
PAGE_BYTES: Final = 384 * 1024  # about 1,000 rows; prose takes 24 s on that link
RECEIPT_CHARS: Final = 32 * 1024  # of PROJECTS streams, each with its link
REPAIR_BYTES: Final = 2 * 1024 * 1024  # of the rows of several buckets, about
REPAIR_ROWS: Final = 2_000  # that a laptop asks for at once, as for a page
PROJECTS: Final = 200  # projects of one laptop
CLOCK_SKEW_WARN_S: Final = 300.0
CONFLICT_ID_CHARS: Final = 120  # a change id and the name of a field group
# Of one record that are open: a row travels with its conflicts, and whoever would add one
# more waits in quarantine.
RECORD_CONFLICTS: Final = 200  # more than anybody decides at a sitting
RECORD_CONFLICT_BYTES: Final = 1024 * 1024  # one of the largest boundaries, many others
SETTLED_CONFLICTS: Final = 100  # conflicts of one record that one change settles
SEEN_CHANGES: Final = 200  # changes behind the sides of these conflicts
LOST_TIMELINES: Final = 20  # restores that one change lived through
FIELD_GROUPS: Final = 64  # more than any record type has
HELD_CHANGES: Final = 10_000  # of one project: more is a fault, not field work
RELEASED_AT_ONCE: Final = 500  # held changes of one transaction, as of a batch
PURGED_IDS: Final = 2_000  # ids of one line
# A reset that takes away more than both asks a person first.
REMOVED_RECORDS: Final = 50
REMOVED_SHARE: Final = 0.3
TOMBSTONE_DAYS: Final = 400  # a laptop that comes every season has seen the deletion
BUNDLE_BYTES: Final = 256 * 1024 * 1024  # unpacked: 600,000 changes on a stick
ZSTD_WINDOW_LOG: Final = 23  # 8 MiB, of level 19; a frame may ask for 2 GiB
ENROL_BODY_BYTES: Final = 16 * 1024

# Attachments -----------------------------------------------------------------
ATTACHMENT_BYTES: Final = 25 * 1024 * 1024  # a photo of 100 megapixels, a long scan
BLOB_PIECE_BYTES: Final = 256 * 1024  # one PATCH: 65 s at 32 kbit/s
BLOB_BODY_BYTES: Final = 1024 * 1024  # what a server takes at once
BLOB_RESERVE_BYTES: Final = 1024 * 1024 * 1024  # kept free, so that records find room

# Phones ----------------------------------------------------------------------
FORM_BYTES: Final = 256 * 1024  # XML of one form; FORM_LAYERS take 100 KiB
FORM_LAYERS: Final = 200  # a core of 5 m every 2.5 cm
SUBMISSION_BYTES: Final = 32 * 1024 * 1024  # one request: the largest file fits
SUBMISSION_FILES: Final = 200  # of one request; Collect sends 101 at once
# Above it a phone sends its files in several requests: what is cut is sent again whole.
SUBMISSION_SPLIT_BYTES: Final = 4 * 1024 * 1024
SUBMISSION_TIMEOUT_S: Final = 1_200.0  # 4 MiB at 32 kbit/s take 1,050 s

# Import ----------------------------------------------------------------------
IMPORT_FILE_BYTES: Final = 64 * 1024 * 1024  # a million layers as CSV
IMPORT_BATCH_LAYERS: Final = 500  # layers kept in one laptop transaction

# Enrolment -------------------------------------------------------------------
CODES_AT_ONCE: Final = 500  # 50 pages of cards to cut

# Labels ----------------------------------------------------------------------
LABELS_BODY_BYTES: Final = 64 * 1024  # LABEL_BLOCKS fit
LABEL_BLOCKS: Final = 5_000  # more than there are
LABELS_LOW: Final = 200  # numbers that are left when a sync fetches more: a day's work
LABELS_AT_ONCE: Final = 9_999  # of one sheet: a block
