"""Write which values the resamples of the cases of bootstrap-t hold, for R to read.

    PYTHONPATH=. python -m tests.science.r.resamples \
        > fixtures/check_values/bootstrap_t_resamples.csv

One line per term: of each resample, one after the other, the positions of its values in
the sorted sample, counted from 0, a digit of base 36 for each.
"""

import sys

from server.stocks.bootstrap_t import DRAWS
from server.stocks.draws import positions
from tests.science.check_values import rows

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def resamples(n, term):
    return "".join(DIGITS[place] for place in positions(DRAWS, n, n, term).ravel())


def main():
    sys.stdout.write("case,term,positions\n")
    terms = [(row["case"], int(row["term"])) for row in rows("bootstrap_t_inputs.csv")]
    for case, term in dict.fromkeys(terms):
        n = terms.count((case, term))
        sys.stdout.write(f"{case},{term},{resamples(n, term)}\n")


if __name__ == "__main__":
    main()
