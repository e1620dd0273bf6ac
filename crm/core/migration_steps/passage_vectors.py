"""Embeddings of passages."""

from pymongo import IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the index."""
    vectors = database.collection("knowledge_vectors")
    await vectors.create_indexes(
        [IndexModel([("organization_id", 1), ("model", 1), ("key", 1)], unique=True)]
    )
