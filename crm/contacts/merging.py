"""Making one contact of two."""

from crm.contacts.consents import in_order
from crm.contacts.platforms import DIRECT
from crm.core.database import RawDocument


def merged_values(target: RawDocument, source: RawDocument) -> RawDocument:
    """Return the fields of `target` after `source` has become part of it.

    What the target knows stays; what it does not know comes from the source. Identities, consents and notes of both
    are kept, consents in the order they were given.
    """
    notes = [note for note in (target["note"], source["note"]) if note]
    identities = {
        (identity["connection_id"], identity["external_id"]): identity
        for identity in (*source["identities"], *target["identities"])
    }
    known = target if target.get("phone") is not None else source
    return {
        "phone_typed": known.get("phone_typed", False),
        **{
            field: target.get(field) if target.get(field) is not None else source.get(field)
            for field in ("name", "phone", "email", "language", "avatar_file_id")
        },
        "identities": list(identities.values()),
        "consents": in_order([*target["consents"], *source["consents"]]),
        "attributes": {**source["attributes"], **target["attributes"]},
        "source": _first_source(target.get("source"), source.get("source")),
        "note": "\n\n".join(dict.fromkeys(notes)),
        "created_at": min(target["created_at"], source["created_at"]),
    }


def _first_source(*sources: RawDocument | None) -> RawDocument | None:
    """What brought the person first; a link that is known says more than none."""
    known = [source for source in sources if source is not None]
    return min(known, key=lambda source: (source["source"] == DIRECT, source["at"]), default=None)
