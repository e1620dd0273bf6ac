"""Documents -> passages -> retrieval. Pure: no database, no network, no clock."""
