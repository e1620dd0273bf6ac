"""The bot's skills: one file each, thin. They read the conversation, call the CRM, and say what the domain has words for."""
