"""The whole product under test: started by its own supervisor, used through its own addresses."""
