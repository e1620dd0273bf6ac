"""Files that people send: the store's indexes, and those by which what is due and what is used is found."""

from pymongo import ASCENDING, IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the indexes."""
    await database.collection("media.chunks").create_indexes(
        [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)]
    )
    await database.collection("media.files").create_indexes(
        [
            IndexModel([("metadata.organization_id", ASCENDING), ("uploadDate", ASCENDING)]),
            IndexModel([("metadata.look_at", ASCENDING)]),
            # What waits for the virus scanner is a small part of all files.
            IndexModel(
                [("metadata.check_at", ASCENDING)],
                name="checks_due",
                partialFilterExpression={"metadata.state": "checking"},
            ),
        ]
    )
    await database.collection("messages").create_indexes(
        [
            IndexModel(
                [("media_due_at", ASCENDING)],
                name="media_due",
                partialFilterExpression={"media_due_at": {"$type": "date"}},
            ),
            IndexModel(
                [("organization_id", ASCENDING), ("attachments.file_id", ASCENDING)],
                name="files_of_messages",
                partialFilterExpression={"attachments.file_id": {"$type": "objectId"}},
            ),
        ]
    )
    await database.collection("contacts").create_indexes(
        [
            IndexModel(
                [("organization_id", ASCENDING), ("avatar_file_id", ASCENDING)],
                name="files_of_contacts",
                partialFilterExpression={"avatar_file_id": {"$type": "objectId"}},
            )
        ]
    )
