"""The demo company that fills an empty database, so that a newcomer sees the product alive."""
