"""Seeded bugs of phones: what comes twice, what is added, what a person alone lets in."""

from tests.seeded.mutant import Mutant

TAKING_IN = "server/phones/taking_in.py"
REPLAYED = ("tests/integration/test_phones.py",)
READ = ("tests/unit/server/phones/test_answers.py",)

MUTANTS = (
    Mutant(
        "a form that comes again is another one",
        TAKING_IN,
        "next((each for each in known if each.place == place), None)",
        "next((each for each in known if each.place != place), None)",
        REPLAYED,
    ),
    Mutant(
        "photos of a phone replace those that are there",
        "server/phones/attaching.py",
        'there = present.fields.get("attachments") or ()',
        "there = ()",
        REPLAYED,
    ),
    Mutant(
        "a second form for a core is a correction",
        "server/phones/before.py",
        "    return differs and place.phone_id in writers",
        "    return differs and place.phone_id not in writers",
        REPLAYED,
    ),
    Mutant(
        "what a person alone lets in comes in when all is judged again",
        "server/custody/review.py",
        "if not any(problem.code in FOR_A_PERSON for problem in found.why):",
        "if found.why is not None:",
        REPLAYED,
    ),
    Mutant(
        "a form is kept whose body was cut behind its last part",
        "server/http/openrosa/receiving.py",
        """    async for _ in request.content.iter_chunked(_PIECE):
        pass
""",
        "",
        REPLAYED,
    ),
    Mutant(
        "a second answer to a question takes the place of the first",
        "server/phones/answers.py",
        "elif len(each) or name in found.apart or name in found.fields:",
        "elif len(each):",
        READ,
    ),
)
