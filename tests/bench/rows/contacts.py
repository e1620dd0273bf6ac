"""Row (d): a page of 50 of 200,000 contacts."""

from bson import ObjectId

from crm.contacts.models import new_contact
from tests.bench.figures import Line, Row
from tests.bench.ground import Ground
from tests.bench.rivals.running import running_rival

CONTACTS = 200_000
BATCH = 10_000
CONNECTIONS = 16
GOAL = 0.6
PATH = "?limit=50"


async def measure(ground: Ground) -> Row:
    """Measure it."""
    await _fill(ground)
    ours_url = f"{ground.product.settings.public_url}/api/contacts{PATH}"
    environment = {
        "MONGODB_URI": ground.mongodb_uri,
        "DATABASE": ground.product.settings.mongodb_database,
        "ORGANIZATION": ground.office.organization_id,
    }
    load = {"connections": CONNECTIONS, "seconds": ground.effort.seconds}
    async with running_rival(
        "tests.bench.rivals.contacts", environment, folder=ground.folder
    ) as url:
        figures = await ground.interleaved(
            {
                "ours": lambda: ground.requests.measure(
                    "get", url=ours_url, headers={"Cookie": ground.office.cookie}, **load
                ),
                "bare": lambda: ground.requests.measure(
                    "get", url=f"{url}/contacts{PATH}", headers={}, **load
                ),
            }
        )
    ours, bare = figures["ours"], figures["bare"]
    ratio = ours.rate / bare.rate
    return Row(
        key="d",
        title=f"`GET /api/contacts?limit=50` of {CONTACTS:,} contacts, {CONNECTIONS} connections",
        sides="Ours checks the session, the role and the query, scopes by organization, makes the next page's cursor. "
        "The rival is a bare aiohttp handler: PyMongo, projection, sort, limit, orjson. Same documents, same index.",
        lines=[
            Line(
                "requests/s (p50 ms)",
                f"{ours.rate:,.0f} ({ours.p50:.1f})",
                f"{bare.rate:,.0f} ({bare.p50:.1f})",
                f"{ratio:.2f}",
                f"at least {GOAL}",
                met=ratio >= GOAL,
            )
        ],
        notes=_failures(ours.failed, bare.failed),
    )


def _failures(ours: int, rival: int) -> list[str]:
    return [f"Failed requests: ours {ours}, rival {rival}."] if ours or rival else []


async def _fill(ground: Ground) -> None:
    organization_id = ObjectId(ground.office.organization_id)
    contacts = ground.database["contacts"]
    for first in range(0, CONTACTS, BATCH):
        await contacts.insert_many(
            [
                new_contact(
                    organization_id,
                    name=f"Айгүл Серікқызы {number}",
                    phone=f"+7701{number:07d}",
                    email=f"aigul{number}@example.kz",
                    language="kk",
                    note="Prefers calls in the evening.",
                    attributes={"city": "Astana", "source": "import"},
                )
                for number in range(first, first + BATCH)
            ],
            ordered=False,
        )
