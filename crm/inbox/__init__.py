"""Conversations: intake, turns, deliveries, hand-over, and what operators see of them.

The life of a message is told in ``ARCHITECTURE.md``; here each step has a module:
``intake`` stores, ``turns`` lets the bot answer, ``outbox`` delivers, ``handover`` moves a
conversation between the bot and people, ``desk`` is what operators do.
"""
