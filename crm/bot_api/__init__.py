"""What the bot's skills may do in the CRM: a narrow internal API over the features' services.

Every write carries a ``source_key`` made of the message it follows from, so that a turn that
is run again after a crash changes nothing twice. In a trial (``crm.assistant.trials``) nothing is
written but what would have been.
"""
