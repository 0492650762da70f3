"""The pure parts of a client, written from docs/protocol.md alone.

Hashes, ids, signed texts, canonical JSON: each has a worked example on the page. What is
known of records is in docs/reference/records.md.
"""

import base64
import hashlib
import json
import unicodedata
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

START = bytes(32)
FIRST_RECEIPT_FOLLOWS = "0" * 64
#: Record types of which the id holds the parent besides the key: the field of the parent.
PARENTS = {"sample": "core_id"}
#: Record types whose key holds the parent.
CHILDREN = frozenset(
    {"practice", "design", "point", "core", "skip", "custody_event", "result"}
)
#: Record types that only the server writes.
DERIVED = frozenset({"stock", "change", "trend"})
#: The fields that make the natural key of each record type.
KEYS = {
    "organisation": ["code"],
    "project": ["code"],
    "plot": ["code"],
    "practice": ["plot_id", "family", "what", "from_date"],
    "design": ["plot_id", "number"],
    "point": ["plot_id", "code"],
    "campaign": ["name"],
    "core": ["point_id", "campaign_id", "number"],
    "sample": ["sample_code"],
    "question_form": ["asked_of", "number", "fingerprint"],
    "answer": ["plot_id", "point_id", "core_id", "sample_id", "question"],
    "skip": ["point_id", "campaign_id"],
    "custody_event": ["sample_id", "step", "at"],
    "result": ["sample_id", "analyte", "replicate"],
    "lab_control": ["lab", "lab_batch", "analyte", "kind", "code", "number"],
    "lab_batch": ["lab", "lab_batch", "analyte"],
}
#: Groups of more than one field, by record type.
GROUPS = {
    "project": {
        "selection": ["plot_selection", "sampled_area_ha", "sampled_strata_ha"],
        "bridge": [
            "bridge_from",
            "bridge_to",
            "bridge_factor",
            "bridge_factor_se",
            "bridge_pairs",
            "bridge_low_g_kg",
            "bridge_high_g_kg",
        ],
        "template": ["layer_depths_cm", "usual_tool", "usual_diameter_mm"],
    },
    "practice": {"period": ["from_date", "to_date"]},
    "design": {
        "draw": [
            "method",
            "seed",
            "points_drawn",
            "min_distance_m",
            "edge_buffer_m",
            "boundary_sha256",
            "drawn_by",
        ]
    },
    "point": {"place": ["lon", "lat"]},
    "campaign": {"period": ["start_date", "end_date"]},
    "core": {
        "time": ["sampled_at", "sampled_precision"],
        "place": [
            "lon",
            "lat",
            "accuracy_m",
            "position_source",
            "fix_quality",
            "satellites",
            "fixes_averaged",
            "fix_sigma_m",
            "fix_age_s",
            "receiver",
        ],
        "tool": [
            "tool",
            "inner_diameter_mm",
            "cores_composited",
            "composite_radius_m",
        ],
        "reach": ["depth_reached_cm", "stop_reason"],
    },
    "custody_event": {"time": ["at", "at_precision"]},
    "question_form": {"form": ["asked_of", "number", "fingerprint", "questions"]},
    "answer": {
        "about": ["plot_id", "point_id", "core_id", "sample_id"],
        "answer": ["form_id", "value"],
    },
    "sample": {
        "depth": ["depth_top_cm", "depth_bottom_cm"],
        "soil": [
            "field_mass_g",
            "fine_dry_mass_g",
            "coarse_dry_mass_g",
            "volume_cm3",
            "bulk_density_g_cm3",
            "bulk_density_definition",
            "bulk_density_method",
            "mass_moisture",
            "coarse_fragments_pct",
            "coarse_fragments_basis",
            "fragment_density_g_cm3",
            "water_g_g",
        ],
        "sent": ["sent_to_lab", "sent_batch", "sent_on"],
    },
    "result": {
        "value": [
            "value",
            "unit",
            "method",
            "censored",
            "detection_limit",
            "moisture",
            "recovery_factor",
            "recovery_applied",
        ],
    },
    "lab_control": {
        "value": [
            "value",
            "unit",
            "censored",
            "detection_limit",
            "certified_value",
            "first_value",
        ],
    },
    "lab_batch": {"decision": ["decision", "reason", "decided_by"]},
}


def write(message):
    """Write one message as a line without its newline."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def fold(lines):
    """Write change lines as one line by columns, each with a shape of its own."""
    shapes, before = [], {"n": 0, "h": 0}
    for raw in lines:
        line = json.loads(raw)
        shape = {name: [value] for name, value in line.items()}
        if "f" in line:
            shape["f"] = {name: [value] for name, value in line["f"].items()}
        shape |= {name: [line[name] - before[name]] for name in before}
        before = {name: line[name] for name in before}
        shapes.append(shape)
    return write({"k": "cs", "at": list(range(len(lines))), "of": shapes})


def unfold(folded):
    """Return the change lines that a line by columns stands for."""
    said = json.loads(folded)
    taken, before, lines = [0] * len(said["of"]), {"n": 0, "h": 0}, []
    for place in said["at"]:
        line = _taken(said["of"][place], taken[place])
        taken[place] += 1
        before = {name: number + line[name] for name, number in before.items()}
        line |= before
        if line["r"] is None:
            line["r"] = record_id(line["s"], line["t"], line["f"])
        lines.append(write(line))
    return lines


def _taken(columns, place):
    return {
        name: _taken(column, place)
        if isinstance(column, dict)
        else column[place if len(column) > 1 else 0]
        for name, column in columns.items()
    }


def link(before, line):
    """Return the hash of a log after one more line."""
    return hashlib.sha256(before + line).digest()


def change_id(digest):
    """Return the id of the change after which a log has this hash."""
    raw = bytearray(digest[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def stamp(last, wall_ms):
    """Return the next stamp."""
    return max(last + 1, min(max(wall_ms, 0), 2**46 - 1) << 16)


def record_id(project_id, record_type, fields):
    """Return the id of a new record."""
    key = [fields.get(name) for name in KEYS[record_type]]
    if record_type not in CHILDREN:
        key.insert(0, fields.get(PARENTS.get(record_type, "")))
    name = "\x1f".join([record_type, *("None" if k is None else str(k) for k in key)])
    return str(uuid.uuid5(uuid.UUID(project_id), unicodedata.normalize("NFC", name)))


def push_text(log, n, digest):
    """Return what a device signs at the end of a push."""
    return f"permille push 1\n{log}\n{n}\n{digest.hex()}".encode()


def enrolment_text(code):
    """Return what a device signs to show that the key is its own."""
    return f"permille enrolment 1\n{code}".encode()


def receipt_text(raw):
    """Return what the server signs of a receipt."""
    return f"permille receipt 1\n{raw}".encode()


def receipt_link(raw):
    """Return what the next receipt of a project names."""
    return hashlib.sha256(raw.encode()).hexdigest()


def public_key(secret):
    """Return the public half of a key, as text."""
    key = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    return base64.b64encode(key.public_bytes_raw()).decode()


def sign(secret, text):
    """Return the signature of a text, as text."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    return base64.b64encode(key.sign(text)).decode()


def is_signed(public, signature, text):
    """Return whether the holder of a key signed a text."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
    try:
        key.verify(base64.b64decode(signature), text)
    except InvalidSignature:
        return False
    return True


def canonical(fields):
    """Return the one text of the fields of a row."""
    return _text({name: value for name, value in fields.items() if value is not None})


def _text(value):
    match value:
        case dict():
            pairs = (f"{_text(k)}:{_text(value[k])}" for k in sorted(value))
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(map(_text, value)) + "]"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return json.dumps(value, ensure_ascii=False)


def row_hash(record_type, record, seq, fields):
    """Return the 64-bit hash of a live row."""
    if record_type in DERIVED:
        fields = {"digest": fields["digest"]}
    return _hash(f"{record}:{seq}:{canonical(fields)}")


def conflict_hash(record, conflict):
    """Return the 64-bit hash of an open conflict."""
    return _hash(f"{record}:{conflict}")


def _hash(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def bucket(record):
    """Return the bucket of a record."""
    return record[-2:]


def digest_of(hashes):
    """Return a digest as it is written."""
    found = list(hashes)
    return [len(found), f"{sum(found) % 2**64:016x}"]


def last_agreed(document, own_hashes):
    """Return the last place where a refused log and the server's agree, and the first
    known one where they do not."""
    agreed, differs = 0, min(document["n"], len(own_hashes) - 1) + 1
    for place, digest in document["hashes"].items():
        n = int(place)
        if n >= len(own_hashes):
            continue
        if own_hashes[n].hex() == digest:
            agreed = max(agreed, n)
        else:
            differs = min(differs, n)
    return agreed, differs


def group_of(record_type, name):
    """Return the fields that are judged as one with this one."""
    for fields in GROUPS.get(record_type, {}).values():
        if name in fields:
            return fields
    return [name]
