"""The page of the fictional shop "Tau Demo", for trying the chat as a visitor does."""

from crm.demo.shop.routes import ConnectionIdProvider, demo_routes

__all__ = ["ConnectionIdProvider", "demo_routes"]
